using Checkpointer.Engine.Interop;
using Checkpointer.Engine.Proc;
using Checkpointer.Engine.Support;

namespace Checkpointer.Engine.Tracing;

/// <summary>
/// Stops every thread of a process tree by PTRACE_SEIZE and PTRACE_INTERRUPT, in rounds until a whole round finds nothing new: only what
/// is not stopped yet can make new threads or children.
/// </summary>
internal sealed class Freezer(EngineOptions options, Action<string> step)
{
    // A stopped tree is found complete in two rounds; a fork bomb that outruns us is given up on.
    private const int RoundsMax = 1000;

    private readonly Dictionary<int, Tracee> _stopped = [];

    /// <summary>Freezes the tree under <paramref name="root"/>. On failure everything runs on.</summary>
    public FrozenJob Freeze(ProcessId root)
    {
        var job = new FrozenJob();
        try
        {
            var tree = StopAll(root, job);
            job.SetZombies(tree.Zombies);
            foreach (var process in tree.Live)
            {
                step($"capture {process}");
                var frozen = new FrozenProcess(process, options.SyscallTimeout, step);
                job.Add(frozen);
                frozen.Capture(_stopped.Values.Where(tracee => tracee.Process == process));
            }

            return job;
        }
        catch
        {
            job.Dispose();
            throw;
        }
    }

    private ProcessTree StopAll(ProcessId root, FrozenJob job)
    {
        for (var round = 0; round < RoundsMax; round++)
        {
            var tree = ProcessTree.Walk(root);
            if (tree.Live.Count == 0)
            {
                throw new EngineException(EngineFailure.NoSuchProcess, $"Process {root} ended while it was being frozen.");
            }

            if (!StopRound(tree, job))
            {
                return tree;
            }
        }

        throw new EngineException(
            EngineFailure.TimedOut, $"The job of process {root} made new threads or processes faster than they could be stopped.", "try again");
    }

    private bool StopRound(ProcessTree tree, FrozenJob job)
    {
        var fresh = new List<Tracee>();
        foreach (var process in tree.Live)
        {
            foreach (var thread in (ProcFs.TryThreads(process) ?? []).Where(thread => !_stopped.ContainsKey(thread.Value)))
            {
                step($"seize {thread}");
                if (Seize(thread, process) is { } tracee)
                {
                    job.Tracees.Add(tracee);
                    fresh.Add(tracee);
                }
            }
        }

        job.BeginFreeze();
        fresh.ForEach(tracee => tracee.Interrupt());
        foreach (var tracee in fresh)
        {
            step($"stop {tracee.Thread}");
            if (tracee.WaitForStop(options.FreezeTimeout))
            {
                _stopped.Add(tracee.Thread.Value, tracee);
            }
        }

        return fresh.Count > 0;
    }

    private static Tracee? Seize(ThreadId thread, ProcessId process)
    {
        try
        {
            return Tracee.TrySeize(thread, process, Ptrace.PTRACE_O_TRACESYSGOOD);
        }
        catch (LinuxException exception) when (exception.Errno == Errno.EPERM && ProcFs.IsDead(process, thread))
        {
            // The kernel refuses dead tasks with EPERM too; this one ended on its own.
            return null;
        }
    }
}
