using Checkpointer.Engine;
using Checkpointer.Engine.Support;
using Checkpointer.Scheduler.Jobs;
using Checkpointer.Store;

namespace Checkpointer.Scheduler.Recovery;

/// <summary>
/// Brings back jobs that should run and do not. Takes the newest generation; one that is damaged is named and passed over for the
/// next older. A restore that fails for another reason (a PID taken, a changed file) is not tried with an older generation:
/// it would fail alike, and where it did not, work would be lost without need.
/// </summary>
internal sealed class JobRecoverer(IJobEngine engine, IJobStore store, GenerationRestorer restorer, bool isDryRun = false)
{
    private readonly JobLocator _locator = new(engine);

    /// <summary>Recovers one job. Failures are part of the outcome, so that the other jobs get their turn.</summary>
    public RecoveryOutcome Recover(JobRecord job, CancellationToken cancellation)
    {
        var warnings = new List<string>();
        try
        {
            return RecoverOrThrow(job, warnings, cancellation);
        }
        catch (Exception failure) when (
            failure is EngineException or StoreException or SchedulerException or IOException or UnauthorizedAccessException)
        {
            return new RecoveryOutcome(job.Name, RecoveryStatus.Failed, null, null, warnings, failure);
        }
    }

    /// <summary>Restores the generation that was asked for and no other.</summary>
    /// <exception cref="SchedulerException">The job runs.</exception>
    /// <exception cref="StoreException">Locked: somebody else restores the job.</exception>
    public RecoveryOutcome RestoreOnly(GenerationName name, CancellationToken cancellation)
    {
        using IDisposable? lease = Lease(name.Job);
        if (_locator.FindRunning(store.Job(name.Job)) is { } running)
        {
            throw new SchedulerException(
                SchedulerFailure.Running,
                $"job {name.Job} is running (PID {running.Pid})",
                $"end it first, or keep its work with `checkpointer dump {name.Job} --stop`");
        }

        return RestoreOrPlan(name, [], cancellation);
    }

    /// <summary>Between the look whether the job runs and the record of its new process nobody else may restore it. A dry run restores nothing.</summary>
    private IDisposable? Lease(string job) => isDryRun ? null : store.Lease(job);

    /// <summary>Restores one generation as a new job, whether the job that it is of runs or not.</summary>
    /// <exception cref="SchedulerException">There is a job of that name, or the job is a cgroup.</exception>
    public RecoveryOutcome RestoreAs(GenerationName name, string copy, CancellationToken cancellation)
    {
        if (store.Jobs().Any(job => job.Name == copy))
        {
            throw new SchedulerException(SchedulerFailure.Failed, $"there is a job {copy} already", "take another name");
        }

        if (store.Job(name.Job).Cgroup is { } cgroup)
        {
            throw new SchedulerException(SchedulerFailure.Failed, $"job {name.Job} is the cgroup {cgroup}, and what runs in a cgroup is one job", "restore it without --as");
        }

        return RestoreOrPlan(name, [], cancellation) with { Job = copy };
    }

    private RecoveryOutcome RecoverOrThrow(JobRecord listed, List<string> warnings, CancellationToken cancellation)
    {
        using IDisposable? lease = Lease(listed.Name);

        // Somebody may have restored it since it was listed.
        JobRecord job = store.Job(listed.Name);
        if (_locator.FindRunning(job) is { } running)
        {
            return new RecoveryOutcome(job.Name, RecoveryStatus.Running, running.Pid.Value, null, [], null);
        }

        IReadOnlyList<GenerationRecord> generations = store.Generations(job.Name);
        if (generations.Count == 0)
        {
            return new RecoveryOutcome(job.Name, RecoveryStatus.Nothing, null, null, [], null);
        }

        foreach (GenerationRecord generation in generations.Reverse())
        {
            cancellation.ThrowIfCancellationRequested();
            if (TryRestore(generation.Name, warnings, cancellation) is { } outcome)
            {
                return outcome;
            }
        }

        throw new SchedulerException(
            SchedulerFailure.Damaged,
            $"every generation of job {job.Name} is damaged ({generations.Count} tried)",
            "run `checkpointer verify --all` for what is bad");
    }

    private RecoveryOutcome? TryRestore(GenerationName name, List<string> warnings, CancellationToken cancellation)
    {
        try
        {
            return RestoreOrPlan(name, warnings, cancellation);
        }
        catch (Exception damage) when (IsDamage(damage))
        {
            warnings.Add($"{damage.Message}; passed over");
            return null;
        }
    }

    private RecoveryOutcome RestoreOrPlan(GenerationName name, List<string> warnings, CancellationToken cancellation)
        => isDryRun
            ? new RecoveryOutcome(
                name.Job, RecoveryStatus.Planned, null, null, warnings, null, new PlannedRestore(name, restorer.Plan(name, cancellation)))
            : Restored(restorer.Restore(name, cancellation), warnings);

    private static bool IsDamage(Exception failure) => failure switch
    {
        SchedulerException scheduler => scheduler.Reason == SchedulerFailure.Damaged,
        StoreException store => store.Reason == StoreFailure.Corrupt,
        EngineException engine => engine.Reason == EngineFailure.BadImage,
        _ => false,
    };

    private static RecoveryOutcome Restored(RestoredGeneration restored, List<string> warnings)
    {
        warnings.AddRange(restored.Report.Warnings);
        warnings.AddRange(restored.FilesFoundDifferent.Select(file => $"{file.Path}: {file.What}"));
        ProcessIdentity root = restored.Report.Root;
        return new RecoveryOutcome(
            restored.Generation.Job, RecoveryStatus.Restored, root.Pid.Value, restored, warnings, null);
    }
}
