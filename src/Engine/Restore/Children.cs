using Checkpointer.Engine.Interop;
using Checkpointer.Engine.Support;

namespace Checkpointer.Engine.Restore;

/// <summary>Ends processes that we started.</summary>
internal static class Children
{
    /// <summary>Kills a process that was made by a restore; its parent, or init, reaps it.</summary>
    public static void Kill(ProcessId process)
    {
        Invariant.Require(process.Value > 1, $"{process} is not a process to kill");
        _ = Libc.kill(process.Value, Signal.SIGKILL);
    }

    /// <summary>Kills a child of ours and waits for it, so that nothing of it is left, its PID included.</summary>
    public static unsafe void KillAndReap(ProcessId process)
    {
        Kill(process);
        var status = 0;
        int reaped;
        do
        {
            reaped = Libc.waitpid(process.Value, &status, WaitOption.__WALL);
        }
        while ((reaped < 0 && LastError.Get() == Errno.EINTR) || (reaped == process.Value && new Tracing.WaitStatus(status).IsStopped));
    }
}
