using System.Runtime.InteropServices;

namespace Checkpointer.Engine.Interop;

internal static unsafe partial class Libc
{
    /// <summary>socket(2).</summary>
    [LibraryImport("libc", SetLastError = true)]
    internal static partial int socket(int family, int type, int protocol);

    /// <summary>socketpair(2).</summary>
    [LibraryImport("libc", SetLastError = true)]
    internal static partial int socketpair(int family, int type, int protocol, int* ends);

    /// <summary>bind(2).</summary>
    [LibraryImport("libc", SetLastError = true)]
    internal static partial int bind(int fd, byte* address, uint length);

    /// <summary>connect(2).</summary>
    [LibraryImport("libc", SetLastError = true)]
    internal static partial int connect(int fd, byte* address, uint length);

    /// <summary>listen(2).</summary>
    [LibraryImport("libc", SetLastError = true)]
    internal static partial int listen(int fd, int backlog);

    /// <summary>accept4(2); the address is not asked for.</summary>
    [LibraryImport("libc", SetLastError = true)]
    internal static partial int accept4(int fd, nint address, nint length, int flags);

    /// <summary>shutdown(2).</summary>
    [LibraryImport("libc", SetLastError = true)]
    internal static partial int shutdown(int fd, int how);

    /// <summary>getsockname(2).</summary>
    [LibraryImport("libc", SetLastError = true)]
    internal static partial int getsockname(int fd, byte* address, uint* length);

    /// <summary>getpeername(2).</summary>
    [LibraryImport("libc", SetLastError = true)]
    internal static partial int getpeername(int fd, byte* address, uint* length);

    /// <summary>getsockopt(2).</summary>
    [LibraryImport("libc", SetLastError = true)]
    internal static partial int getsockopt(int fd, int level, int name, byte* value, uint* length);

    /// <summary>setsockopt(2).</summary>
    [LibraryImport("libc", SetLastError = true)]
    internal static partial int setsockopt(int fd, int level, int name, byte* value, uint length);

    /// <summary>sendmsg(2).</summary>
    [LibraryImport("libc", SetLastError = true)]
    internal static partial nint sendmsg(int fd, msghdr* message, int flags);

    /// <summary>recvmsg(2).</summary>
    [LibraryImport("libc", SetLastError = true)]
    internal static partial nint recvmsg(int fd, msghdr* message, int flags);

    /// <summary>send(2).</summary>
    [LibraryImport("libc", SetLastError = true)]
    internal static partial nint send(int fd, byte* data, nuint length, int flags);

    /// <summary>recv(2).</summary>
    [LibraryImport("libc", SetLastError = true)]
    internal static partial nint recv(int fd, byte* data, nuint length, int flags);

    /// <summary>if_nametoindex(3); 0 where there is none.</summary>
    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial uint if_nametoindex(string name);

    /// <summary>poll(2).</summary>
    [LibraryImport("libc", SetLastError = true)]
    internal static partial int poll(pollfd* files, nuint count, int timeoutMs);

    /// <summary>unshare(2), for the calling thread.</summary>
    [LibraryImport("libc", SetLastError = true)]
    internal static partial int unshare(int flags);

    /// <summary>chroot(2).</summary>
    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int chroot(string path);

    /// <summary>chdir(2).</summary>
    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int chdir(string path);

    /// <summary>fchdir(2).</summary>
    [LibraryImport("libc", SetLastError = true)]
    internal static partial int fchdir(int fd);

    /// <summary>rename(2).</summary>
    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int rename(string from, string to);

    /// <summary>lchown(2).</summary>
    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int lchown(string path, uint owner, uint group);
}
