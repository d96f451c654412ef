using System.CommandLine;
using Checkpointer.Scheduler.Cli.Rendering;
using Checkpointer.Scheduler.Control;
using Checkpointer.Scheduler.Jobs;

namespace Checkpointer.Scheduler.Cli;

/// <summary><c>unregister</c>: ends our care of a job.</summary>
internal sealed class UnregisterVerb : Verb
{
    private readonly Argument<string> _job = Words.Job("Name of the job.");

    /// <summary>Makes the verb.</summary>
    public UnregisterVerb()
        : base(
            "unregister",
            "Ends the care of a job: it is not dumped or recovered any more. Its generations stay; the process is not touched.",
            "unregister md")
    {
        Arguments.Add(_job);
    }

    /// <inheritdoc/>
    public override int Run(Invocation invocation, ParseResult arguments)
    {
        string name = arguments.GetRequiredValue(_job);
        using ControlClient? service = invocation.TryService();
        UnregisterLine line = service?.Ask(HttpMethod.Delete, $"/v1/jobs/{name}", CliJson.Lines.UnregisterLine, invocation.Cancellation)[0] ?? Unregister(invocation, name);
        invocation.Output.Json(line, CliJson.Lines.UnregisterLine);
        invocation.Output.Line($"job {line.Job} is not registered any more; {line.Generations} generation(s) stay");
        return ExitCode.Ok;
    }

    private static UnregisterLine Unregister(Invocation invocation, string name)
    {
        using IJobStore store = invocation.Rooms.OpenStore();
        store.Unregister(name);
        return new UnregisterLine(name, store.Generations(name).Count);
    }
}
