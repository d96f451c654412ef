using Checkpointer.Engine;
using Checkpointer.Engine.Support;
using Checkpointer.Scheduler.Policies;
using Checkpointer.Store;

namespace Checkpointer.Scheduler.Jobs;

/// <summary>A finished dump.</summary>
/// <param name="Generation">The committed generation.</param>
/// <param name="Report">What the engine did.</param>
internal sealed record DumpOutcome(GenerationRecord Generation, DumpReport Report);

/// <summary>
/// Takes generations of one job, each on the base of the one that it committed before: begin, dump, commit. A failure at any step
/// leaves no generation, and the next dump goes on from the last committed one. Disposing ends the tracking of the job.
/// </summary>
/// <param name="engine">Dumps.</param>
/// <param name="store">Keeps.</param>
/// <param name="progress">Shows how far a dump is.</param>
/// <param name="job">The job.</param>
/// <param name="root">Its root process.</param>
/// <param name="choices">What is done about state that cannot be carried as it is.</param>
internal sealed class JobDumper(
    IJobEngine engine, IJobStore store, IProgressDisplay progress, JobRecord job, ProcessIdentity root, DumpChoices choices)
    : IDisposable
{
    // The engine takes a busy file another way each time, and after two failures in a way that cannot fail for that reason.
    private const int AttemptsMax = 4;

    private readonly JobScope _scope = JobLocator.ScopeOf(job);
    private readonly ITrackedJob _tracked = engine.Track(
        JobLocator.ScopeOf(job), choices, JobPolicy.Of(job).ToFilePolicy(), JobPolicy.Of(job).ToDumpLimits());

    private readonly WriterLimits _limits = JobPolicy.Of(job).ToWriterLimits();

    /// <summary>The generation that the tracker counts from: the last that we committed. Others may commit generations of the job
    /// meanwhile; what they hold says nothing of what our tracker saw.</summary>
    private GenerationName? _base;

    /// <summary>The root process as the store knows it.</summary>
    private ProcessIdentity _recorded = new(new ProcessId(job.Pid), job.StartTicks, job.BootId);

    /// <summary>The job.</summary>
    public JobRecord Job => job;

    /// <summary>Its root process, of a cgroup as of the last dump.</summary>
    public ProcessIdentity Root { get; private set; } = root;

    /// <summary>True while the process that was located is there and has not ended; of a cgroup, while any process is in it.</summary>
    public bool IsRunning => engine.Identify(_scope) is { } now && (_scope.Root is null || now == Root);

    /// <summary>Refuses what preflight found not to be carried. Neither the job nor the store is touched.</summary>
    /// <exception cref="UnsupportedResourceException">State that is not carried.</exception>
    public static void RequireDumpable(PreflightReport report)
    {
        if (!report.CanDump)
        {
            throw new UnsupportedResourceException(
                [.. report.Findings.Where(finding => finding.Severity == FindingSeverity.Refusal)]);
        }
    }

    /// <summary>Takes one generation. A file that is written all the while is tried again at once.</summary>
    /// <param name="expectedBytes">Estimate of the memory that will be handed over, for the progress; 0 where it is not known.</param>
    /// <param name="stops">The caller stops the job (<see cref="Stop"/>) once this is committed.</param>
    /// <param name="cancellation">Cancels until the commit.</param>
    public DumpOutcome Dump(long expectedBytes, bool stops, CancellationToken cancellation)
    {
        for (int attempt = 1; attempt < AttemptsMax; attempt++)
        {
            try
            {
                return DumpOnce(expectedBytes, stops, cancellation);
            }
            catch (EngineException busy) when (busy.Reason == EngineFailure.FileBusy)
            {
                cancellation.ThrowIfCancellationRequested();
            }
            catch (StoreException damaged) when (damaged.Reason == StoreFailure.Corrupt && _base is not null)
            {
                // What the base holds cannot be read, so nothing can be built on it. A full generation also writes again what is bad.
                _base = null;
                cancellation.ThrowIfCancellationRequested();
            }
        }

        return DumpOnce(expectedBytes, stops, cancellation);
    }

    private DumpOutcome DumpOnce(long expectedBytes, bool stops, CancellationToken cancellation)
    {
        using IGenerationInProgress generation = Begin();
        DumpReport dump;
        using (IProgressTask task = progress.Start($"dump of {job.Name}", expectedBytes))
        {
            dump = _tracked.Dump(generation, task, stops, cancellation);
        }

        // The PID may have been given to another process after we located the job; its memory is not this job's generation.
        if (dump.Root != Root && _scope.Root is not null)
        {
            throw new SchedulerException(
                SchedulerFailure.NotRunning,
                $"job {job.Name} ended before it was frozen, PID {Root.Pid} is another process now",
                $"bring it back with `checkpointer recover --latest {job.Name}`");
        }

        cancellation.ThrowIfCancellationRequested();
        GenerationRecord committed = generation.Commit(ToSummary(dump));

        // In this order: a tracker that counted from a generation that does not exist would leave out what changed before.
        _tracked.Committed();
        _base = committed.Name;
        NoteRoot(dump.Root);
        return new DumpOutcome(committed, dump);
    }

    /// <summary>Kills the job, whose last dump was one that stops it.</summary>
    public void Stop() => _tracked.Stop(Root);

    /// <inheritdoc/>
    public void Dispose() => _tracked.Dispose();

    /// <summary>The first process of a cgroup may end and the job go on.</summary>
    private void NoteRoot(ProcessIdentity root)
    {
        Root = root;
        if (root != _recorded)
        {
            _recorded = root;
            store.UpdateProcess(job.Name, root.Pid.Value, root.StartTicks, root.BootId);
        }
    }

    // The base may be gone (forgotten, another store in its place) or damaged by now: then the generation is full, as the first was.
    private IGenerationInProgress Begin()
    {
        if (_base is null)
        {
            return store.Begin(job.Name, baseGeneration: null, _limits);
        }

        try
        {
            return store.Begin(job.Name, _base, _limits);
        }
        catch (StoreException unusable) when (unusable.Reason is StoreFailure.NotFound or StoreFailure.Corrupt)
        {
            _base = null;
            return store.Begin(job.Name, baseGeneration: null, _limits);
        }
    }

    private static GenerationSummary ToSummary(DumpReport dump)
        => new(
            dump.Kind,
            dump.Tracker,
            dump.Capture,
            (long)dump.FreezeTime.TotalMicroseconds,
            dump.Processes,
            dump.Threads,
            dump.PopulatedBytes,
            dump.DirtyBytes);
}
