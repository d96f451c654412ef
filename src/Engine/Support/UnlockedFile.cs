using Checkpointer.Engine.Interop;
using Microsoft.Win32.SafeHandles;

namespace Checkpointer.Engine.Support;

/// <summary>
/// Opens files of a job without a lock. File.OpenHandle takes a flock(2) on every file that it opens: the job could meet it, and it fails on a file that
/// the job has locked.
/// </summary>
internal static class UnlockedFile
{
    /// <summary>Opens for use with RandomAccess.</summary>
    /// <param name="path">Path.</param>
    /// <param name="flags">O_*.</param>
    public static SafeFileHandle Open(string path, int flags)
    {
        var number = Libc.open(path, flags | FileFlag.O_CLOEXEC, 0);
        LinuxException.ThrowIfFailed(number, $"open of {path}");
        return new SafeFileHandle(number, ownsHandle: true);
    }
}
