using Checkpointer.Engine.Dump;
using Checkpointer.Engine.Interop;
using Checkpointer.Engine.Proc;
using Checkpointer.Engine.Support;
using Checkpointer.Engine.Tracing;

namespace Checkpointer.Engine.Host;

/// <summary>
/// Ends a job: all its processes, by SIGKILL. The tree is frozen first, so that no child can slip away while its parent is killed.
/// Precondition: runs on a tracer thread.
/// </summary>
/// <param name="options">Time limits.</param>
/// <param name="connections">Connections of the job whose peers are not told of its end; null where there are none.</param>
/// <param name="step">Told before each step.</param>
internal sealed class TreeKiller(EngineOptions options, ConnectionLock? connections, Action<string> step)
{
    /// <summary>Kills a tree if its root is still the process that was meant; of a cgroup, whoever is in it.</summary>
    public void Kill(JobScope scope, ProcessIdentity root)
    {
        if (scope.Root is not null ? ProcFs.IdentityOf(root.Pid) != root : ProcessTree.Walk(scope).Live.Count == 0)
        {
            return;
        }

        using var job = new Freezer(options, step).Freeze(scope);
        try
        {
            connections?.Outlive();
            Kill(job);
        }
        catch
        {
            connections?.TakeBack();
            throw;
        }
    }

    private static void Kill(FrozenJob job)
    {
        foreach (var process in job.Processes)
        {
            Invariant.Require(process.Id.Value > 1, $"{process.Id} is not a process to kill");
            if (Libc.kill(process.Id.Value, Signal.SIGKILL) != 0 && LastError.Get() is var errno && errno != Errno.ESRCH)
            {
                throw new LinuxException($"kill of process {process.Id}", errno);
            }
        }
    }
}
