using Checkpointer.Engine;
using Checkpointer.Scheduler.Cli.Rendering;
using Checkpointer.Scheduler.Daemon;
using Checkpointer.Scheduler.Jobs;
using Checkpointer.Scheduler.Policies;
using Checkpointer.Store;

namespace Checkpointer.Scheduler.Control;

/// <summary>What <c>status</c> says of jobs, with the service or without.</summary>
internal sealed class StatusReport(IJobEngine engine, IJobStore store, PolicyFolder policies, TimeProvider time)
{
    /// <summary>Describes a job.</summary>
    /// <param name="job">The job.</param>
    /// <param name="care">What the service knows; null without one.</param>
    public StatusLine Describe(JobRecord job, CareState? care)
    {
        IReadOnlyList<GenerationRecord> generations = store.Generations(job.Name);
        GenerationRecord? latest = generations.Count > 0 ? generations[^1] : null;
        GenerationRecord? good = generations.LastOrDefault(generation => !generation.IsDamaged);
        ProcessEnd? end = care?.LastEnd;
        return new StatusLine(
            job.Name,
            care?.Word ?? WordOf(job),
            job.IsPaused,
            care?.Root?.Pid.Value ?? job.Pid,
            job.Owner,
            JobPolicy.Of(job).From,
            ScheduleOf(job),
            care?.NextDump,
            care?.RetryAt,
            generations.Count,
            latest?.Name.ToString(),
            latest?.CreatedAt,
            good is null ? null : (long)(time.GetUtcNow() - good.CreatedAt).TotalSeconds,
            end?.ExitCode ?? LastEnd(job)?.ExitCode,
            end?.Signal ?? LastEnd(job)?.Signal,
            job.Command);
    }

    private JobEvent? LastEnd(JobRecord job)
    {
        const int EventsLooked = 50;
        return store.Events(job.Name, EventsLooked).LastOrDefault(happened => happened.Kind == EventKind.Finished || EventKind.IsCrash(happened.Kind));
    }

    private string WordOf(JobRecord job)
        => new JobLocator(engine).FindRunning(job) is not null ? job.IsPaused ? CareState.Paused : CareState.Running
            : job.Outcome.Length > 0 ? job.Outcome : CareState.Gone;

    private string? ScheduleOf(JobRecord job)
    {
        try
        {
            return policies.Resolve(job).ToSchedule(job.Name, time.LocalTimeZone)?.Describe();
        }
        catch (SchedulerException bad)
        {
            return $"none: {bad.Message}";
        }
    }
}
