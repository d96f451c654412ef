using System.CommandLine;
using System.Globalization;
using Checkpointer.Scheduler.Cli.Rendering;
using Checkpointer.Scheduler.Control;
using Checkpointer.Scheduler.Jobs;

namespace Checkpointer.Scheduler.Cli;

/// <summary><c>events</c>: what happened to a job.</summary>
internal sealed class EventsVerb : Verb
{
    private const int UsualCount = 50;
    private readonly Argument<string> _job = Words.Job("Name of the job.");
    private readonly Option<int?> _count = Words.PositiveCount("--count", "How many of the newest. Default: 50.");

    /// <summary>Makes the verb.</summary>
    public EventsVerb()
        : base("events", "Tells what happened to a job: dumps, ends, recoveries, the newest last.", "events md", "events md --count 500 --json")
    {
        Arguments.Add(_job);
        Options.Add(_count);
    }

    /// <inheritdoc/>
    public override int Run(Invocation invocation, ParseResult arguments)
    {
        string name = arguments.GetRequiredValue(_job);
        int count = arguments.GetValue(_count) ?? UsualCount;
        using ControlClient? service = invocation.TryService();
        IReadOnlyList<EventLine> lines = service?.Ask(
            HttpMethod.Get, string.Create(CultureInfo.InvariantCulture, $"/v1/jobs/{name}/events?count={count}"), CliJson.Lines.EventLine, invocation.Cancellation)
            ?? Read(invocation, name, count);
        foreach (EventLine line in lines)
        {
            invocation.Output.Json(line, CliJson.Lines.EventLine);
        }

        invocation.Output.Table(
            [new("AT"), new("EVENT"), new("GENERATION", true), new("PID", true), new("DETAIL")],
            [.. lines.Select(line => Row(line, invocation.Time))],
            whenEmpty: $"nothing has happened to job {name} yet");
        return ExitCode.Ok;
    }

    private static EventLine[] Read(Invocation invocation, string name, int count)
    {
        using IJobStore store = invocation.Rooms.OpenStore();
        return [.. store.Events(store.Job(name).Name, count).Select(EventLine.From)];
    }

    private static string[] Row(EventLine line, TimeProvider time) =>
    [
        Quantity.Time(line.At, time),
        line.Kind,
        line.Generation is { } number ? number.ToString(CultureInfo.InvariantCulture) : "-",
        line.Pid is { } pid ? pid.ToString(CultureInfo.InvariantCulture) : "-",
        line.Detail,
    ];
}
