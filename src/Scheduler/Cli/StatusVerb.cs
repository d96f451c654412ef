using System.CommandLine;
using Checkpointer.Scheduler.Cli.Rendering;
using Checkpointer.Scheduler.Control;
using Checkpointer.Scheduler.Jobs;
using Checkpointer.Scheduler.Policies;
using Checkpointer.Scheduler.Upkeep;
using Checkpointer.Store;

namespace Checkpointer.Scheduler.Cli;

/// <summary><c>status</c>: what jobs do, and what is done for them.</summary>
internal sealed class StatusVerb : Verb
{
    private readonly Argument<string?> _job = new("JOB") { Description = "The only job to tell of.", Arity = ArgumentArity.ZeroOrOne };

    private readonly Option<bool> _service = new("--service") { Description = "Tell of the service, and of what it does for its store by itself, instead of jobs." };

    /// <summary>Makes the verb.</summary>
    public StatusVerb()
        : base(
            "status",
            "Tells of registered jobs what they do, when their last and next dumps are, and how old their newest good generation is. With a service, users see their own jobs.",
            "status",
            "status md --json",
            "status --service")
    {
        _job.Validators.Add(Words.RequireJobNames);
        Arguments.Add(_job);
        Options.Add(_service);
        Validators.Add(result =>
        {
            if (result.GetResult(_service) is not null && result.GetResult(_job)?.Tokens.Count > 0)
            {
                result.AddError("Name a JOB or --service, not both.");
            }
        });
    }

    /// <inheritdoc/>
    public override int Run(Invocation invocation, ParseResult arguments)
    {
        using ControlClient? service = invocation.TryService();
        if (arguments.GetValue(_service))
        {
            return TellOfService(invocation, service);
        }

        string? name = arguments.GetValue(_job);
        IReadOnlyList<StatusLine> lines = service is null
            ? Look(invocation, name)
            : service.Ask(HttpMethod.Get, name is null ? "/v1/jobs" : $"/v1/jobs/{name}", CliJson.Lines.StatusLine, invocation.Cancellation);
        foreach (StatusLine line in lines)
        {
            invocation.Output.Json(line, CliJson.Lines.StatusLine);
        }

        invocation.Output.Table(
            [new("JOB"), new("STATE"), new("PID", true), new("LATEST"), new("TAKEN AT"), new("NEXT DUMP"), new("SCHEDULE"), new("REHEARSED"), new("COMMAND")],
            [.. lines.Select(line => Row(line, invocation.Time))],
            whenEmpty: "no registered job; `checkpointer register NAME --pid P` adds one");
        if (service is null)
        {
            invocation.Output.Warning("there is no service: nothing is dumped or recovered by itself; `checkpointer daemon` is one");
        }

        return ExitCode.Ok;
    }

    private static int TellOfService(Invocation invocation, ControlClient? service)
    {
        if (service is null)
        {
            throw new SchedulerException(SchedulerFailure.NotRunning, $"the store {invocation.Rooms.StoreDirectory} has no service", "`checkpointer daemon` is one");
        }

        DaemonLine line = service.Ask(HttpMethod.Get, "/v1/status", CliJson.Lines.DaemonLine, invocation.Cancellation)[0];
        Output output = invocation.Output;
        output.Json(line, CliJson.Lines.DaemonLine);
        output.Line($"serves {line.Store} since {Quantity.Time(line.StartedAt, invocation.Time)}, PID {Quantity.Count(line.Pid)}: {Quantity.Count(line.Jobs)} job(s), "
            + $"{Quantity.Count(line.DumpsUnderWay)} dump(s) and {Quantity.Count(line.RestoresUnderWay)} restore(s) under way");
        output.Table(
            [new("UPKEEP"), new("SCHEDULE"), new("LAST"), new("OUTCOME"), new("NEXT"), new("DETAIL")],
            [.. line.Upkeep.Select(upkeep => Row(upkeep, invocation.Time))],
            whenEmpty: "no upkeep");
        return ExitCode.Ok;
    }

    private static string[] Row(UpkeepLine line, TimeProvider time) =>
    [
        line.Work,
        line.Schedule,
        line.LastAt is { } last ? Quantity.Time(last, time) : "-",
        line.LastOutcome ?? "-",
        line.UnderWay ? "under way" : line.NextAt is { } next ? Quantity.Time(next, time) : "-",
        line.Detail ?? "-",
    ];

    private static StatusLine[] Look(Invocation invocation, string? name)
    {
        using IJobStore store = invocation.Rooms.OpenStore();
        PolicyFolder policies = invocation.Rooms.OpenPolicies();
        var memory = new ServiceMemory(store.Directory, (failure, file) => invocation.Output.Warning($"{file}: {failure.Message}"));
        var report = new StatusReport(invocation.Rooms.Engine, store, policies, memory, invocation.Time);
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
        line.RehearsedAt is { } rehearsed ? $"{line.Rehearsal} {Quantity.Time(rehearsed, time)}" : "-",
        line.Command,
    ];
}
