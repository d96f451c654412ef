using Checkpointer.Engine.Arch.X64;
using Checkpointer.Engine.Interop;

namespace Checkpointer.Engine.Support;

/// <summary>pidfd_open(2) and pidfd_getfd(2), Linux 5.6. Failures are null, with the reason in <see cref="LastError"/>.</summary>
internal static class Pidfd
{
    /// <summary>Opens one.</summary>
    /// <param name="id">A process, or with PIDFD_THREAD a thread.</param>
    /// <param name="flags">PIDFD_*.</param>
    public static SafeFd? TryOpen(int id, int flags)
    {
        var number = Libc.syscall((nint)Sys.PidfdOpen, id, flags, 0, 0, 0);
        return number < 0 ? null : new SafeFd((int)number);
    }

    /// <summary>Opens one through which the descriptors of a process can be had.</summary>
    public static SafeFd? TryOpenHolder(ProcessId process)
    {
        // A thread can be named since Linux 6.9; before, descriptors of a process whose main thread has exited cannot be had.
        var holder = StandIns.Of(process.Value);
        return TryOpen(holder, holder == process.Value ? 0 : FileFlag.PIDFD_THREAD);
    }

    /// <summary>A descriptor of our own for a descriptor of the process; close-on-exec.</summary>
    public static SafeFd? TryTake(SafeFd pidfd, int number)
    {
        var taken = Libc.syscall((nint)Sys.PidfdGetfd, pidfd.Number, number, 0, 0, 0);
        return taken < 0 ? null : new SafeFd((int)taken);
    }
}
