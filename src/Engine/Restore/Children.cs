using System.Diagnostics;
using Checkpointer.Engine.Interop;
using Checkpointer.Engine.Support;
using Checkpointer.Engine.Tracing;

namespace Checkpointer.Engine.Restore;

/// <summary>Ends processes that we started. Precondition: runs on the tracer thread that made them.</summary>
internal static class Children
{
    private const uint PollMicroseconds = 200;

    /// <summary>Kills a process that was made by a restore.</summary>
    public static void Kill(ProcessId process)
    {
        Invariant.Require(process.Value > 1, $"{process} is not a process to kill");
        _ = Libc.kill(process.Value, Signal.SIGKILL);
    }

    /// <summary>Kills a child of ours that has one thread, and waits for it, so that nothing of it is left, its PID included.</summary>
    public static unsafe void KillAndReap(ProcessId process)
    {
        Kill(process);
        var status = 0;
        int reaped;
        do
        {
            reaped = Libc.waitpid(process.Value, &status, WaitOption.__WALL);
        }
        while ((reaped < 0 && LastError.Get() == Errno.EINTR) || (reaped == process.Value && new WaitStatus(status).IsStopped));
    }

    /// <summary>Waits for the end of a child of ours; false where it does not come in time.</summary>
    public static unsafe bool ReapWithin(ProcessId process, TimeSpan timeout)
    {
        var start = Stopwatch.GetTimestamp();
        while (true)
        {
            var status = 0;
            var reaped = Libc.waitpid(process.Value, &status, WaitOption.__WALL | WaitOption.WNOHANG);
            if ((reaped == process.Value && !new WaitStatus(status).IsStopped) || (reaped < 0 && LastError.Get() != Errno.EINTR))
            {
                return true;
            }

            if (Stopwatch.GetElapsedTime(start) > timeout)
            {
                return false;
            }

            _ = Libc.usleep(PollMicroseconds);
        }
    }

    /// <summary>Waits until a child of ours is stopped or has ended. Precondition: it is not traced.</summary>
    public static unsafe WaitStatus WaitForStopOrEnd(ProcessId process)
    {
        var status = 0;
        int told;
        do
        {
            told = Libc.waitpid(process.Value, &status, WaitOption.WSTOPPED | WaitOption.__WALL);
        }
        while (told < 0 && LastError.Get() == Errno.EINTR);

        LinuxException.ThrowIfFailed(told, $"waitpid({process})");
        return new WaitStatus(status);
    }

    /// <summary>
    /// Reaps all killed children and tracees of this thread. A traced process is not gone before each of its threads was waited for. What does not die
    /// in time is killed by the kernel when this thread ends (PTRACE_O_EXITKILL).
    /// </summary>
    public static unsafe void ReapAll(TimeSpan timeout)
    {
        var start = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(start) < timeout)
        {
            var status = 0;
            var reaped = Libc.waitpid(-1, &status, WaitOption.__WALL | WaitOption.__WNOTHREAD | WaitOption.WNOHANG);
            if (reaped < 0 && LastError.Get() != Errno.EINTR)
            {
                return;
            }

            if (reaped == 0)
            {
                _ = Libc.usleep(PollMicroseconds);
            }
        }
    }
}
