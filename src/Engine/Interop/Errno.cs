using System.Runtime.InteropServices;

namespace Checkpointer.Engine.Interop;

/// <summary>Kernel error numbers, errno(3), asm-generic/errno.h.</summary>
internal enum Errno
{
    None = 0,
    EPERM = 1,
    ENOENT = 2,
    ESRCH = 3,
    EINTR = 4,
    EIO = 5,
    ENXIO = 6,
    E2BIG = 7,
    EBADF = 9,
    ECHILD = 10,
    EAGAIN = 11,
    ENOMEM = 12,
    EACCES = 13,
    EFAULT = 14,
    EBUSY = 16,
    EEXIST = 17,
    ENODEV = 19,
    ENOTDIR = 20,
    EISDIR = 21,
    EINVAL = 22,
    ENFILE = 23,
    EMFILE = 24,
    ENOTTY = 25,
    ETXTBSY = 26,
    ENOSPC = 28,
    ESPIPE = 29,
    EROFS = 30,
    EPIPE = 32,
    ERANGE = 34,
    ENOSYS = 38,
    ELOOP = 40,
    ENOMSG = 42,
    EIDRM = 43,
    ENODATA = 61,
    ENOPROTOOPT = 92,
    EPROTONOSUPPORT = 93,
    EOPNOTSUPP = 95,
    EADDRINUSE = 98,
    EADDRNOTAVAIL = 99,
    ENETUNREACH = 101,
    ECONNRESET = 104,
    EHOSTUNREACH = 113,
    ENOBUFS = 105,
    ENOTCONN = 107,
    ETIMEDOUT = 110,
    EINPROGRESS = 115,
}

/// <summary>The only reader of the last error of a libc call.</summary>
internal static class LastError
{
    /// <summary>Errno of the libc call just made on this thread; must be the first statement after it.</summary>
    public static Errno Get() => (Errno)Marshal.GetLastPInvokeError();
}
