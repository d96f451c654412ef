using Checkpointer.Engine.Interop;
using Checkpointer.Engine.Proc;
using Checkpointer.Engine.Support;
using Checkpointer.Engine.Tracing;

namespace Checkpointer.Engine.Host;

/// <summary>Ends a job: its root and all descendants, by SIGKILL.</summary>
internal static class TreeKiller
{
    // New children may appear while the first are killed; stopping the root first makes more than a few rounds unlikely.
    private const int RoundsMax = 100;

    /// <summary>Kills the tree if the root is still the process that was meant.</summary>
    public static void Kill(ProcessIdentity root)
    {
        if (ProcFs.IdentityOf(root.Pid) != root)
        {
            return;
        }

        Send(root.Pid, Signal.SIGSTOP);
        for (var round = 0; round < RoundsMax; round++)
        {
            var descendants = ProcessTree.Walk(root.Pid).Live.Where(process => process != root.Pid).ToList();
            if (descendants.Count == 0)
            {
                break;
            }

            descendants.ForEach(process => Send(process, Signal.SIGKILL));
        }

        Send(root.Pid, Signal.SIGKILL);
    }

    private static void Send(ProcessId process, int signal)
    {
        Invariant.Require(process.Value > 1, $"{process} is not a process to signal");
        if (Libc.kill(process.Value, signal) != 0 && LastError.Get() is var errno && errno != Errno.ESRCH)
        {
            throw new LinuxException($"kill({signal}) of process {process}", errno);
        }
    }
}
