using System.Runtime.InteropServices;

namespace Checkpointer.Store.Interop;

/// <summary>Error numbers that the store tells apart; values as in asm-generic/errno-base.h and errno.h.</summary>
internal enum Errno
{
    EPERM = 1,
    ENOENT = 2,
    EINTR = 4,
    EIO = 5,
    EACCES = 13,
    EEXIST = 17,
    ENOTDIR = 20,
    EINVAL = 22,
    ENOSPC = 28,
    EROFS = 30,
    EAGAIN = 11,
    ENOSYS = 38,
    EDQUOT = 122,
}

/// <summary>Reads the last error.</summary>
internal static class LastError
{
    /// <summary>The errno of the call just made on this thread; must be the first statement after a failed call.</summary>
    public static Errno Get() => (Errno)Marshal.GetLastPInvokeError();

    /// <summary>libc's words for it.</summary>
    public static string Describe(Errno error) => $"{error} ({Marshal.GetPInvokeErrorMessage((int)error)})";
}
