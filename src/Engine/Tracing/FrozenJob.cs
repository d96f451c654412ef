using System.Diagnostics;
using Checkpointer.Engine.Support;

namespace Checkpointer.Engine.Tracing;

/// <summary>
/// A job with every thread stopped. Disposing thaws it: gates are unmapped, registers and signal masks are as found, and all threads are let
/// go together. Every failure path ends here.
/// </summary>
internal sealed class FrozenJob : IDisposable
{
    private readonly List<FrozenProcess> _processes = [];
    private long _frozenSince;
    private bool _isThawed;

    /// <summary>All live processes, parents before children.</summary>
    public IReadOnlyList<FrozenProcess> Processes => _processes;

    /// <summary>Ended children that their parents have not waited for yet.</summary>
    public IReadOnlyList<ProcessId> Zombies { get; private set; } = [];

    /// <summary>Every tracee, as the freezer found them; those of processes that failed to be captured included.</summary>
    public List<Tracee> Tracees { get; } = [];

    /// <summary>The hold of its cgroup, where there was one; disposed of with the job.</summary>
    public CgroupHold? Hold { get; set; }

    /// <summary>Starts the clock of the freeze time: the first thread is about to be interrupted.</summary>
    public void BeginFreeze()
    {
        if (_frozenSince == 0)
        {
            _frozenSince = Stopwatch.GetTimestamp();
        }
    }

    /// <summary>Takes up a process; it is disposed with the job.</summary>
    public void Add(FrozenProcess process) => _processes.Add(process);

    /// <summary>Names the zombies found.</summary>
    public void SetZombies(IReadOnlyList<ProcessId> zombies) => Zombies = zombies;

    /// <summary>Runs what looks at the frozen job. Fails where somebody was killed meanwhile: what was read of such a process may be what its end has left of it, and what cannot be read is
    /// that for no other reason.</summary>
    /// <exception cref="EngineException">NoSuchProcess, or as thrown.</exception>
    public void Examine(Action work)
    {
        try
        {
            work();
        }
        catch (Exception failure) when (failure is not (OperationCanceledException or EngineException { Reason: EngineFailure.TimedOut or EngineFailure.NoSuchProcess }))
        {
            RequireAlive(failure);
            throw;
        }

        RequireAlive(null);
    }

    /// <summary>Thaws.</summary>
    /// <returns>The freeze time.</returns>
    /// <exception cref="EngineException">A gate could not be unmapped; all threads were let go nevertheless.</exception>
    public TimeSpan Thaw()
    {
        if (_isThawed)
        {
            return TimeSpan.Zero;
        }

        _isThawed = true;
        EngineException? failure = null;
        foreach (var process in _processes)
        {
            // What went wrong may have been passing; the gate must not stay behind for it.
            var stayed = Try(process.CloseGate) is null ? null : Try(process.CloseGate);
            failure ??= stayed;
        }

        foreach (var thread in _processes.SelectMany(process => process.Threads))
        {
            var strayed = Try(thread.SendHome);
            failure ??= strayed;
        }

        using (new Urgency())
        {
            foreach (var tracee in Tracees)
            {
                var held = Try(tracee.Detach);
                failure ??= held;
            }
        }

        var freezeTime = Stopwatch.GetElapsedTime(_frozenSince);
        var stuck = Try(() => Hold?.Dispose());
        failure ??= stuck;
        _processes.ForEach(process => process.Dispose());
        return failure is null ? freezeTime : throw failure;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        // A failure to thaw must not hide the failure that brought us here; the kernel detaches what is left when the tracer thread ends.
        _ = Try(() => Thaw());
    }

    private void RequireAlive(Exception? failure)
    {
        if (_processes.Find(process => process.WasKilled()) is { Id: var killed })
        {
            throw new EngineException(EngineFailure.NoSuchProcess, $"Process {killed} was killed while its job was being dumped.", null, failure);
        }
    }

    private static EngineException? Try(Action action)
    {
        try
        {
            action();
            return null;
        }
        catch (EngineException exception)
        {
            return exception;
        }
    }
}
