using System.Runtime.InteropServices;

namespace Checkpointer.EndToEnd.Tests.Interop;

/// <summary>
/// Bindings of the C library, named as there. Variadic functions (<c>prctl</c>) are bound with fixed integer arguments,
/// which is the same calling convention on x86-64 and arm64.
/// </summary>
internal static unsafe partial class Libc
{
    public const int SIGINT = 2;
    public const int SIGKILL = 9;
    public const int SIGSTOP = 19;
    public const int SIGUSR1 = 10;
    public const int WNOHANG = 1;
    public const int ECHILD = 10;
    public const int EINTR = 4;
    public const int O_RDONLY = 0;
    public const int O_WRONLY = 1;
    public const int O_CREAT = 0x40;
    public const int O_TRUNC = 0x200;
    public const int O_APPEND = 0x400;
    public const int O_RDWR = 2;
    public const int O_NOCTTY = 0x100;
    public const int O_CLOEXEC = 0x80000;
    public const short POLLIN = 1;
    public const uint TIOCSWINSZ = 0x5414;
    public const uint TIOCGPTN = 0x80045430;
    public const uint TIOCSPTLCK = 0x40045431;
    public const int PR_SET_CHILD_SUBREAPER = 36;
    public const short POSIX_SPAWN_SETSIGDEF = 4;
    public const short POSIX_SPAWN_SETSIGMASK = 8;
    public const short POSIX_SPAWN_SETSID = 0x80;
    public const ulong MS_RDONLY = 1;
    public const ulong MS_REMOUNT = 32;
    public const int MNT_DETACH = 2;

    /// <summary>kill(2).</summary>
    [LibraryImport("libc", SetLastError = true)]
    public static partial int kill(int pid, int signal);

    /// <summary>waitpid(2).</summary>
    [LibraryImport("libc", SetLastError = true)]
    public static partial int waitpid(int pid, out int status, int options);

    /// <summary>geteuid(2).</summary>
    [LibraryImport("libc")]
    public static partial uint geteuid();

    /// <summary>prctl(2).</summary>
    [LibraryImport("libc", SetLastError = true)]
    public static partial int prctl(int option, nuint a, nuint b, nuint c, nuint d);

    /// <summary>poll(2); used with no descriptors as a pause between two looks at a condition.</summary>
    [LibraryImport("libc", SetLastError = true)]
    public static partial int poll(void* descriptors, nuint count, int milliseconds);

    /// <summary>open(2).</summary>
    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int open(string path, int flags, uint mode);

    /// <summary>close(2).</summary>
    [LibraryImport("libc", SetLastError = true)]
    public static partial int close(int fd);

    /// <summary>read(2).</summary>
    [LibraryImport("libc", SetLastError = true)]
    public static partial nint read(int fd, byte* buffer, nuint count);

    /// <summary>write(2).</summary>
    [LibraryImport("libc", SetLastError = true)]
    public static partial nint write(int fd, byte* buffer, nuint count);

    /// <summary>ioctl(2).</summary>
    [LibraryImport("libc", SetLastError = true)]
    public static partial int ioctl(int fd, nuint request, void* argument);

    /// <summary>mkfifo(3).</summary>
    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int mkfifo(string path, uint mode);

    /// <summary>mount(2).</summary>
    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int mount(string source, string target, string type, ulong flags, string data);

    /// <summary>umount2(2).</summary>
    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int umount2(string target, int flags);

    /// <summary>posix_spawnp(3).</summary>
    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    public static partial int posix_spawnp(
        out int pid, string file, void* actions, void* attributes, byte** arguments, byte** environment);

    /// <summary>posix_spawn_file_actions_init(3).</summary>
    [LibraryImport("libc")]
    public static partial int posix_spawn_file_actions_init(void* actions);

    /// <summary>posix_spawn_file_actions_destroy(3).</summary>
    [LibraryImport("libc")]
    public static partial int posix_spawn_file_actions_destroy(void* actions);

    /// <summary>posix_spawn_file_actions_addopen(3).</summary>
    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    public static partial int posix_spawn_file_actions_addopen(void* actions, int fd, string path, int flags, uint mode);

    /// <summary>posix_spawn_file_actions_addchdir_np(3).</summary>
    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    public static partial int posix_spawn_file_actions_addchdir_np(void* actions, string path);

    /// <summary>posix_spawn_file_actions_addclosefrom_np(3), glibc 2.34.</summary>
    [LibraryImport("libc")]
    public static partial int posix_spawn_file_actions_addclosefrom_np(void* actions, int fd);

    /// <summary>posix_spawnattr_init(3).</summary>
    [LibraryImport("libc")]
    public static partial int posix_spawnattr_init(void* attributes);

    /// <summary>posix_spawnattr_destroy(3).</summary>
    [LibraryImport("libc")]
    public static partial int posix_spawnattr_destroy(void* attributes);

    /// <summary>posix_spawnattr_setflags(3).</summary>
    [LibraryImport("libc")]
    public static partial int posix_spawnattr_setflags(void* attributes, short flags);

    /// <summary>posix_spawnattr_setsigdefault(3).</summary>
    [LibraryImport("libc")]
    public static partial int posix_spawnattr_setsigdefault(void* attributes, void* signals);

    /// <summary>posix_spawnattr_setsigmask(3).</summary>
    [LibraryImport("libc")]
    public static partial int posix_spawnattr_setsigmask(void* attributes, void* signals);

    /// <summary>sigemptyset(3).</summary>
    [LibraryImport("libc")]
    public static partial int sigemptyset(void* signals);

    /// <summary>sigfillset(3).</summary>
    [LibraryImport("libc")]
    public static partial int sigfillset(void* signals);

    /// <summary>setxattr(2).</summary>
    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int setxattr(string path, string name, byte* value, nuint size, int flags);

    /// <summary>SETVAL of semctl(2).</summary>
    public const int SETVAL = 16;

    /// <summary>shmctl(2).</summary>
    [LibraryImport("libc", SetLastError = true)]
    public static partial int shmctl(int id, int command, nint argument);

    /// <summary>semctl(2).</summary>
    [LibraryImport("libc", SetLastError = true)]
    public static partial int semctl(int id, int number, int command, nint argument);

    /// <summary>msgctl(2).</summary>
    [LibraryImport("libc", SetLastError = true)]
    public static partial int msgctl(int id, int command, nint argument);
}
