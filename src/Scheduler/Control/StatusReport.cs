using Checkpointer.Engine;
using Checkpointer.Scheduler.Cli.Rendering;
using Checkpointer.Scheduler.Daemon;
using Checkpointer.Scheduler.Jobs;
using Checkpointer.Scheduler.Policies;
using Checkpointer.Scheduler.Upkeep;
using Checkpointer.Store;

namespace Checkpointer.Scheduler.Control;

/// <summary>What <c>status</c> says of jobs, with the service or without.</summary>
/// <param name="engine">Tells who runs.</param>
/// <param name="store">Keeps.</param>
/// <param name="policies">What holds for jobs.</param>
/// <param name="memory">Rehearsals.</param>
/// <param name="time">The clock.</param>
internal sealed class StatusReport(IJobEngine engine, IJobStore store, PolicyFolder policies, ServiceMemory memory, TimeProvider time)
{
    /// <summary>Describes a job.</summary>
    /// <param name="job">The job.</param>
    /// <param name="care">What the service knows; null without one.</param>
    /// <param name="nextRehearsal">When its next rehearsal is due; null for never.</param>
    public StatusLine Describe(JobRecord job, CareState? care, DateTimeOffset? nextRehearsal = null)
    {
        RehearsalRecord? rehearsal = memory.Rehearsal(job.Name);
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
            rehearsal?.Outcome,
            rehearsal?.Generation is { } number ? new GenerationName(job.Name, number).ToString() : null,
            rehearsal?.At,
            nextRehearsal,
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
