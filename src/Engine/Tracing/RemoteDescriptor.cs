using Checkpointer.Engine.Arch.X64;
using Checkpointer.Engine.Interop;
using Checkpointer.Engine.Support;

namespace Checkpointer.Engine.Tracing;

/// <summary>Descriptors of other processes, pidfd_getfd(2), Linux 5.6.</summary>
internal static class RemoteDescriptor
{
    /// <summary>A descriptor of our own for the same open file; close-on-exec.</summary>
    public static SafeFd Duplicate(ProcessId process, int number)
    {
        TracerDeath.MayCome();
        // A thread can be named since Linux 6.9; before, that of a process whose main thread has exited cannot be had.
        var holder = StandIns.Of(process.Value);
        var pidfd = (int)Libc.syscall((nint)Sys.PidfdOpen, holder, holder == process.Value ? 0 : FileFlag.O_EXCL, 0, 0, 0);
        LinuxException.ThrowIfFailed(pidfd, $"pidfd_open of process {process}");
        using var target = new SafeFd(pidfd);
        var fd = (int)Libc.syscall((nint)Sys.PidfdGetfd, pidfd, number, 0, 0, 0);
        LinuxException.ThrowIfFailed(fd, $"pidfd_getfd of descriptor {number} of process {process}");
        return new SafeFd(fd);
    }
}
