using Checkpointer.Engine;
using Checkpointer.Engine.Support;
using Checkpointer.Store;

namespace Checkpointer.Scheduler.Jobs;

/// <summary>A finished dump.</summary>
/// <param name="Generation">The committed generation.</param>
/// <param name="Report">What the engine did.</param>
internal sealed record DumpOutcome(GenerationRecord Generation, DumpReport Report);

/// <summary>
/// Takes one generation of a job: preflight, begin, dump, commit. A failure at any step leaves no generation: the one in
/// progress is disposed without its commit.
/// </summary>
internal sealed class JobDumper(IJobEngine engine, IJobStore store, IProgressDisplay progress)
{
    /// <summary>Preflight. Neither the job nor the store is touched.</summary>
    /// <exception cref="UnsupportedResourceException">State that is not carried.</exception>
    public static void RequireDumpable(PreflightReport report)
    {
        if (!report.CanDump)
        {
            throw new UnsupportedResourceException(
                [.. report.Findings.Where(finding => finding.Severity == FindingSeverity.Refusal)]);
        }
    }

    /// <summary>Dumps a job whose process was located.</summary>
    /// <param name="job">The job.</param>
    /// <param name="root">Its root process.</param>
    /// <param name="report">Preflight's report on it.</param>
    /// <param name="cancellation">Cancels until the commit.</param>
    public DumpOutcome Dump(JobRecord job, ProcessIdentity root, PreflightReport report, CancellationToken cancellation)
    {
        RequireDumpable(report);
        using IGenerationInProgress generation = store.Begin(job.Name);
        DumpReport dump;
        using (IProgressTask task = progress.Start($"dump of {job.Name}", report.PopulatedBytes))
        {
            dump = engine.Dump(root.Pid, generation, task, cancellation);
        }

        // The PID may have been given to another process after we located the job; its memory is not this job's generation.
        if (dump.Root != root)
        {
            throw new SchedulerException(
                SchedulerFailure.NotRunning,
                $"job {job.Name} ended before it was frozen, PID {root.Pid} is another process now",
                $"bring it back with `checkpointer recover --latest {job.Name}`");
        }

        cancellation.ThrowIfCancellationRequested();
        return new DumpOutcome(generation.Commit(ToSummary(dump)), dump);
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
