using System.CommandLine;
using Checkpointer.Scheduler.Cli.Rendering;
using Checkpointer.Scheduler.Jobs;
using Checkpointer.Store;

namespace Checkpointer.Scheduler.Cli;

/// <summary><c>unpin</c>: lets a generation be removed again.</summary>
internal sealed class UnpinVerb : Verb
{
    private readonly Argument<GenerationReference> _generation = Words.Generation("JOB/NUMBER or JOB/latest.");

    /// <summary>Makes the verb.</summary>
    public UnpinVerb()
        : base("unpin", "Lets `forget` remove a generation that was pinned. Its note is dropped.", "unpin md/12")
    {
        Arguments.Add(_generation);
    }

    /// <inheritdoc/>
    public override int Run(Invocation invocation, ParseResult arguments)
    {
        using IJobStore store = invocation.Rooms.OpenStore();
        GenerationName name = arguments.GetRequiredValue(_generation).Resolve(store);
        store.Unpin(name);
        invocation.Output.Json(new PinLine(name.ToString(), false, ""), CliJson.Lines.PinLine);
        invocation.Output.Line($"{name} is not pinned any more");
        return ExitCode.Ok;
    }
}
