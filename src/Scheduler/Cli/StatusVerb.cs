using System.CommandLine;
using Checkpointer.Scheduler.Cli.Rendering;
using Checkpointer.Scheduler.Control;
using Checkpointer.Scheduler.Jobs;
using Checkpointer.Scheduler.Policies;
using Checkpointer.Store;

namespace Checkpointer.Scheduler.Cli;

/// <summary><c>status</c>: what jobs do, and what is done for them.</summary>
internal sealed class StatusVerb : Verb
{
    private readonly Argument<string?> _job = new("JOB") { Description = "The only job to tell of.", Arity = ArgumentArity.ZeroOrOne };

    /// <summary>Makes the verb.</summary>
    public StatusVerb()
        : base(
            "status",
            "Tells of registered jobs what they do, when their last and next dumps are, and how old their newest good generation is. With a service, users see their own jobs.",
            "status",
            "status md --json")
    {
        _job.Validators.Add(Words.RequireJobNames);
        Arguments.Add(_job);
    }

    /// <inheritdoc/>
    public override int Run(Invocation invocation, ParseResult arguments)
    {
        using ControlClient? service = invocation.TryService();
        string? name = arguments.GetValue(_job);
        IReadOnlyList<StatusLine> lines = service is null
            ? Look(invocation, name)
            : service.Ask(HttpMethod.Get, name is null ? "/v1/jobs" : $"/v1/jobs/{name}", CliJson.Lines.StatusLine, invocation.Cancellation);
        foreach (StatusLine line in lines)
        {
            invocation.Output.Json(line, CliJson.Lines.StatusLine);
        }

        invocation.Output.Table(
            [new("JOB"), new("STATE"), new("PID", true), new("LATEST"), new("TAKEN AT"), new("NEXT DUMP"), new("SCHEDULE"), new("COMMAND")],
            [.. lines.Select(line => Row(line, invocation.Time))],
            whenEmpty: "no registered job; `checkpointer register NAME --pid P` adds one");
        if (service is null)
        {
            invocation.Output.Warning("there is no service: nothing is dumped or recovered by itself; `checkpointer daemon` is one");
        }

        return ExitCode.Ok;
    }

    private static StatusLine[] Look(Invocation invocation, string? name)
    {
        using IJobStore store = invocation.Rooms.OpenStore();
        using PolicyFolder policies = invocation.Rooms.OpenPolicies();
        var report = new StatusReport(invocation.Rooms.Engine, store, policies, invocation.Time);
        IEnumerable<JobRecord> jobs = name is null ? store.Jobs().Where(job => job.IsRegistered) : [store.Job(name)];
        return [.. jobs.Select(job => report.Describe(job, care: null))];
    }

    private static string[] Row(StatusLine line, TimeProvider time) =>
    [
        line.Job,
        line.State,
        Quantity.Count(line.Pid),
        line.Latest ?? "-",
        line.LatestAt is { } taken ? Quantity.Time(taken, time) : "-",
        line.NextDump is { } due ? Quantity.Time(due, time) : "-",
        line.Schedule ?? "-",
        line.Command,
    ];
}
