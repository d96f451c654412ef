using System.CommandLine;
using Checkpointer.Engine.Support;
using Checkpointer.Scheduler.Cli.Rendering;
using Checkpointer.Scheduler.Jobs;
using Checkpointer.Scheduler.Policies;
using Checkpointer.Store;

namespace Checkpointer.Scheduler.Cli;

/// <summary><c>jobs</c>: all jobs and whether they run.</summary>
internal sealed class JobsVerb : Verb
{
    /// <summary>Makes the verb.</summary>
    public JobsVerb()
        : base("jobs", "Lists the jobs of the store, whether they run, and their latest generation.", "jobs", "jobs --json")
    {
    }

    /// <inheritdoc/>
    public override int Run(Invocation invocation, ParseResult arguments)
    {
        using IJobStore store = invocation.Rooms.OpenStore();
        var locator = new JobLocator(invocation.Rooms.Engine);
        PolicyFolder policies = invocation.Rooms.OpenPolicies();
        JobLine[] lines = [.. store.Jobs().Select(job => Describe(job, store.Generations(job.Name), locator, policies, invocation.Time))];
        foreach (JobLine line in lines)
        {
            invocation.Output.Json(line, CliJson.Lines.JobLine);
        }

        invocation.Output.Table(
            [new("JOB"), new("STATE"), new("PID", true), new("GENERATIONS", true), new("LATEST"), new("TAKEN AT"), new("SCHEDULE"), new("COMMAND")],
            [.. lines.Select(line => Row(line, invocation.Time))],
            whenEmpty: $"no jobs in {store.Directory}; `checkpointer register NAME --pid P` adds one");
        return ExitCode.Ok;
    }

    private static JobLine Describe(
        JobRecord job, IReadOnlyList<GenerationRecord> generations, JobLocator locator, PolicyFolder policies, TimeProvider time)
    {
        JobPolicy policy = JobPolicy.Of(job);
        ProcessIdentity? running = locator.FindRunning(job);
        GenerationRecord? latest = generations.Count > 0 ? generations[^1] : null;
        return new JobLine(
            job.Name,
            running is null ? "gone" : "running",
            job.IsRegistered,
            running?.Pid.Value ?? job.Pid,
            job.Cgroup,
            generations.Count,
            latest?.Name.ToString(),
            latest?.CreatedAt,
            job.Command,
            job.RegisteredAt,
            policy.From,
            policy.Schedule is null && policy.From is null ? null : Schedule(policy, job.Name, policies, time));
    }

    private static string[] Row(JobLine line, TimeProvider time) =>
    [
        line.Job,
        line.Registered ? line.State : $"{line.State}, unregistered",
        Quantity.Count(line.Pid),
        Quantity.Count(line.Generations),
        line.Latest ?? "-",
        line.LatestAt is DateTimeOffset taken ? Quantity.Time(taken, time) : "-",
        line.Schedule ?? "-",
        line.Command,
    ];

    // One job's bad policy must not hide the others.
    private static string Schedule(JobPolicy policy, string job, PolicyFolder policies, TimeProvider time)
    {
        try
        {
            return PolicySummary.Schedule(policies.Resolve(policy), job, time);
        }
        catch (SchedulerException bad)
        {
            return $"? {bad.Message}";
        }
    }
}
