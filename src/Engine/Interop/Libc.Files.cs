using System.Runtime.InteropServices;

namespace Checkpointer.Engine.Interop;

internal static unsafe partial class Libc
{
    /// <summary>open(2).</summary>
    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int open(string path, int flags, uint mode);

    /// <summary>close(2).</summary>
    [LibraryImport("libc", SetLastError = true)]
    internal static partial int close(int fd);

    /// <summary>read(2).</summary>
    [LibraryImport("libc", SetLastError = true)]
    internal static partial nint read(int fd, byte* buffer, nuint count);

    /// <summary>write(2).</summary>
    [LibraryImport("libc", SetLastError = true)]
    internal static partial nint write(int fd, byte* buffer, nuint count);

    /// <summary>pread(2) with a 64-bit offset.</summary>
    [LibraryImport("libc", SetLastError = true)]
    internal static partial nint pread64(int fd, byte* buffer, nuint count, long offset);

    /// <summary>pwrite(2) with a 64-bit offset.</summary>
    [LibraryImport("libc", SetLastError = true)]
    internal static partial nint pwrite64(int fd, byte* buffer, nuint count, long offset);

    /// <summary>lseek(2) with a 64-bit offset.</summary>
    [LibraryImport("libc", SetLastError = true)]
    internal static partial long lseek64(int fd, long offset, int whence);

    /// <summary>readlink(2).</summary>
    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial nint readlink(string path, ref byte buffer, nuint size);

    /// <summary>fchown(2).</summary>
    [LibraryImport("libc", SetLastError = true)]
    internal static partial int fchown(int fd, uint owner, uint group);

    /// <summary>ftruncate(2) with a 64-bit length.</summary>
    [LibraryImport("libc", SetLastError = true)]
    internal static partial int ftruncate64(int fd, long length);

    /// <summary>statx(2); follows symbolic links unless told otherwise.</summary>
    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int statx(int dirfd, string path, int flags, uint mask, statx_t* buffer);

    /// <summary>fallocate(2).</summary>
    [LibraryImport("libc", SetLastError = true)]
    internal static partial int fallocate64(int fd, int mode, long offset, long len);

    /// <summary>statfs(2).</summary>
    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int statfs64(string path, statfs64_t* buffer);

    /// <summary>ioctl(2).</summary>
    [LibraryImport("libc", SetLastError = true)]
    internal static partial int ioctl(int fd, nuint request, nint argument);

    /// <summary>dup3(2).</summary>
    [LibraryImport("libc", SetLastError = true)]
    internal static partial int dup3(int fd, int number, int flags);

    /// <summary>fcntl(2).</summary>
    [LibraryImport("libc", SetLastError = true)]
    internal static partial int fcntl(int fd, int command, nint argument);

    /// <summary>eventfd(2).</summary>
    [LibraryImport("libc", SetLastError = true)]
    internal static partial int eventfd(uint count, int flags);

    /// <summary>timerfd_create(2).</summary>
    [LibraryImport("libc", SetLastError = true)]
    internal static partial int timerfd_create(int clock, int flags);

    /// <summary>timerfd_settime(2).</summary>
    [LibraryImport("libc", SetLastError = true)]
    internal static partial int timerfd_settime(int fd, int flags, in itimerspec value, itimerspec* old);

    /// <summary>timerfd_gettime(2).</summary>
    [LibraryImport("libc", SetLastError = true)]
    internal static partial int timerfd_gettime(int fd, itimerspec* value);

    /// <summary>signalfd(2); the C library passes eight bytes of the set.</summary>
    [LibraryImport("libc", SetLastError = true)]
    internal static partial int signalfd(int fd, in ulong mask, int flags);

    /// <summary>epoll_create1(2).</summary>
    [LibraryImport("libc", SetLastError = true)]
    internal static partial int epoll_create1(int flags);

    /// <summary>inotify_init1(2).</summary>
    [LibraryImport("libc", SetLastError = true)]
    internal static partial int inotify_init1(int flags);

    /// <summary>inotify_add_watch(2).</summary>
    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int inotify_add_watch(int fd, string path, uint mask);

    /// <summary>name_to_handle_at(2).</summary>
    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int name_to_handle_at(int dirfd, string path, byte* handle, int* mountId, int flags);

    /// <summary>fanotify_init(2).</summary>
    [LibraryImport("libc", SetLastError = true)]
    internal static partial int fanotify_init(uint flags, uint event_f_flags);

    /// <summary>fanotify_mark(2).</summary>
    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int fanotify_mark(int fanotify_fd, uint flags, ulong mask, int dirfd, string pathname);

    /// <summary>mkfifo(3).</summary>
    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int mkfifo(string path, uint mode);

    /// <summary>chown(2).</summary>
    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int chown(string path, uint owner, uint group);

    /// <summary>chmod(2).</summary>
    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int chmod(string path, uint mode);

    /// <summary>fchmod(2).</summary>
    [LibraryImport("libc", SetLastError = true)]
    internal static partial int fchmod(int fd, uint mode);

    /// <summary>futimens(3): access and modification time.</summary>
    [LibraryImport("libc", SetLastError = true)]
    internal static partial int futimens(int fd, timespec* times);

    /// <summary>fchownat(2).</summary>
    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int fchownat(int dirfd, string path, uint owner, uint group, int flags);

    /// <summary>mknod(2).</summary>
    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int mknod(string path, uint mode, ulong dev);

    /// <summary>symlink(2).</summary>
    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int symlink(string target, string path);

    /// <summary>mkdir(2).</summary>
    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int mkdir(string path, uint mode);

    /// <summary>rmdir(2).</summary>
    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int rmdir(string path);

    /// <summary>readlinkat(2).</summary>
    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial nint readlinkat(int dirfd, string path, byte* buf, nuint size);

    /// <summary>unlink(2).</summary>
    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int unlink(string path);

    /// <summary>renameat2(2).</summary>
    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int renameat2(int olddirfd, string oldpath, int newdirfd, string newpath, uint flags);

    /// <summary>access(2).</summary>
    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int access(string path, int mode);

    /// <summary>fsync(2).</summary>
    [LibraryImport("libc", SetLastError = true)]
    internal static partial int fsync(int fd);

    /// <summary>flistxattr(2).</summary>
    [LibraryImport("libc", SetLastError = true)]
    internal static partial nint flistxattr(int fd, byte* list, nuint size);

    /// <summary>fgetxattr(2).</summary>
    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial nint fgetxattr(int fd, string name, byte* value, nuint size);

    /// <summary>fsetxattr(2).</summary>
    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int fsetxattr(int fd, string name, byte* value, nuint size, int flags);

    /// <summary>fremovexattr(2).</summary>
    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int fremovexattr(int fd, string name);

    /// <summary>open_by_handle_at(2).</summary>
    [LibraryImport("libc", SetLastError = true)]
    internal static partial int open_by_handle_at(int mountFd, byte* handle, int flags);

    /// <summary>clock_gettime(2).</summary>
    [LibraryImport("libc", SetLastError = true)]
    internal static partial int clock_gettime(int clock, out timespec time);

    /// <summary>pipe2(2).</summary>
    [LibraryImport("libc", SetLastError = true)]
    internal static partial int pipe2(int* fds, int flags);

    /// <summary>tee(2).</summary>
    [LibraryImport("libc", SetLastError = true)]
    internal static partial nint tee(int fdIn, int fdOut, nuint length, uint flags);

    /// <summary>memfd_create(2).</summary>
    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int memfd_create(string name, uint flags);

    /// <summary>flock(2).</summary>
    [LibraryImport("libc", SetLastError = true)]
    internal static partial int flock(int fd, int operation);

    /// <summary>mmap(2) with a 64-bit offset.</summary>
    [LibraryImport("libc", SetLastError = true)]
    internal static partial nint mmap64(nint address, nuint length, int protection, int flags, int fd, long offset);

    /// <summary>munmap(2).</summary>
    [LibraryImport("libc", SetLastError = true)]
    internal static partial int munmap(nint address, nuint length);

    /// <summary>madvise(2).</summary>
    [LibraryImport("libc", SetLastError = true)]
    internal static partial int madvise(nint address, nuint length, int advice);
}
