using System.Diagnostics;
using Checkpointer.Engine.Interop;
using Checkpointer.Engine.Proc;
using Checkpointer.Engine.Support;

namespace Checkpointer.Engine.Tracing;

/// <summary>
/// Stops every thread of a process tree by PTRACE_SEIZE and PTRACE_INTERRUPT, in rounds until a whole round finds nothing new: only what
/// is not stopped yet can make new threads or children. A cgroup is held by the kernel while its threads are told to stop; what is seized then is all there is.
/// </summary>
internal sealed class Freezer(EngineOptions options, Action<string> step)
{
    // A thread that runs or sleeps stops in well under a millisecond; one that does not may be waiting for a child.
    private static readonly TimeSpan _vforkPatience = TimeSpan.FromMilliseconds(20);

    private readonly Dictionary<int, Tracee> _stopped = [];
    private readonly HashSet<int> _seized = [];
    private readonly HashSet<ProcessId> _prepared = [];

    /// <summary>Freezes a job and reads all about its mappings, however long that takes. On failure everything runs on.</summary>
    public FrozenJob Freeze(JobScope scope) => Freeze(scope, new Dictionary<ProcessId, IReadOnlyList<Vma>>());

    /// <summary>Freezes a job. On failure everything runs on.</summary>
    /// <param name="scope">Its processes.</param>
    /// <param name="earlier">Mappings of its processes a moment ago, with flags, as far as known.</param>
    public FrozenJob Freeze(JobScope scope, IReadOnlyDictionary<ProcessId, IReadOnlyList<Vma>> earlier)
    {
        Leftovers.EndOrphans(scope);
        var job = new FrozenJob();
        try
        {
            var tree = StopAll(scope, job);
            job.SetZombies(tree.Zombies);
            foreach (var process in tree.Live)
            {
                step($"capture {process}");
                var frozen = new FrozenProcess(process, options.SyscallTimeout, step);
                job.Add(frozen);
                frozen.Capture(_stopped.Values.Where(tracee => tracee.Process == process), earlier.GetValueOrDefault(process) ?? []);
            }

            Leftovers.Remove(job);
            return job;
        }
        catch
        {
            job.Dispose();
            throw;
        }
    }

    private ProcessTree StopAll(JobScope scope, FrozenJob job)
    {
        if (scope.Cgroup is { } cgroup)
        {
            StopTogether(scope, cgroup, job);
        }

        // A stopped tree is found complete in two rounds; a fork bomb that outruns us is given up on.
        for (var start = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(start) < options.FreezeTimeout;)
        {
            var tree = ProcessTree.Walk(scope);
            if (tree.Live.Count == 0)
            {
                throw new EngineException(EngineFailure.NoSuchProcess, $"The job of {scope} ended while it was being frozen.");
            }

            if (!StopRound(tree, job))
            {
                return tree;
            }
        }

        throw new EngineException(
            EngineFailure.TimedOut, $"The job of {scope} made new threads or processes faster than they could be stopped.", "try again");
    }

    /// <summary>Seizes what there is while it runs, the rest of it while the kernel holds it, and has all of it stop as it is let go.</summary>
    private void StopTogether(JobScope scope, string cgroup, FrozenJob job)
    {
        var seized = SeizeNew(ProcessTree.Walk(scope), job);
        job.Hold = CgroupHold.TryPrepare(cgroup);
        job.BeginFreeze();
        step("hold cgroup");
        var isHeld = job.Hold?.TryBegin() == true;
        for (var start = Stopwatch.GetTimestamp(); isHeld && Stopwatch.GetElapsedTime(start) < options.FreezeTimeout;)
        {
            var fresh = SeizeNew(ProcessTree.Walk(scope), job);
            if (fresh.Count == 0)
            {
                break;
            }

            seized.AddRange(fresh);
        }

        seized.ForEach(tracee => tracee.Interrupt());
        step("release cgroup");
        job.Hold?.Release();
        AwaitStops(seized);
    }

    private bool StopRound(ProcessTree tree, FrozenJob job)
    {
        var fresh = SeizeNew(tree, job);
        job.BeginFreeze();
        fresh.ForEach(tracee => tracee.Interrupt());
        AwaitStops(fresh);

        // A process that ended while we looked is neither stopped nor, in this round, a zombie.
        return fresh.Count > 0 || tree.Live.Any(process => !IsStopped(process));
    }

    private List<Tracee> SeizeNew(ProcessTree tree, FrozenJob job)
    {
        var fresh = new List<Tracee>();
        foreach (var process in tree.Live)
        {
            foreach (var thread in (ProcFs.TryThreads(process) ?? []).Where(thread => !_seized.Contains(thread.Value)))
            {
                step($"seize {thread}");
                if (Seize(thread, process) is { } tracee)
                {
                    _ = _seized.Add(thread.Value);
                    job.Tracees.Add(tracee);
                    fresh.Add(tracee);
                }
            }

            if (_prepared.Add(process))
            {
                // While it still runs: a search of its code would be the longest part of the freeze.
                Gadgets.Prepare(process);
            }
        }

        return fresh;
    }

    private void AwaitStops(List<Tracee> seized)
    {
        foreach (var tracee in seized.Where(tracee => !tracee.IsGone && !_stopped.ContainsKey(tracee.Thread.Value)))
        {
            Stop(tracee, seized);
        }

        // The number of one that has ended may be given to another.
        _seized.ExceptWith(seized.Where(tracee => tracee.IsGone).Select(tracee => tracee.Thread.Value));
    }

    /// <summary>True where its main thread has stopped, or has exited and another has stopped.</summary>
    private bool IsStopped(ProcessId process) => _stopped.ContainsKey(process.Value)
        || (ProcFs.IsDead(process, process.Leader) && _stopped.Values.Any(tracee => tracee.Process == process));

    /// <summary>
    /// Waits until a thread has stopped. One in vfork(2), also within posix_spawn(3), cannot be stopped before its child has called exec or ended,
    /// and the child cannot while we hold it: so the child is let run until the parent stops, and is then stopped again.
    /// </summary>
    private void Stop(Tracee tracee, List<Tracee> fresh)
    {
        step($"stop {tracee.Thread}");
        if (tracee.StopsWithin(_vforkPatience) is { } isAlive)
        {
            AddStopped(tracee, isAlive);
            return;
        }

        var released = ReleaseChildren(tracee, fresh);
        AddStopped(tracee, tracee.WaitForStop(options.FreezeTimeout));
        foreach (var child in released)
        {
            child.Interrupt();
            Stop(child, fresh);
        }
    }

    private List<Tracee> ReleaseChildren(Tracee parent, List<Tracee> fresh)
    {
        var children = (ProcFs.TryChildren(parent.Thread) ?? []).Select(child => child.Value).ToHashSet();
        var released = fresh.Where(tracee => children.Contains(tracee.Thread.Value)
            && (_stopped.Remove(tracee.Thread.Value) || tracee.WaitForStop(options.FreezeTimeout))).ToList();
        released.ForEach(child => child.ResumeIfAlive(0));
        return released;
    }

    private void AddStopped(Tracee tracee, bool isAlive)
    {
        if (isAlive)
        {
            _stopped.Add(tracee.Thread.Value, tracee);
        }
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
