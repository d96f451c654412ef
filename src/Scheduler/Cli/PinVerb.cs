using System.CommandLine;
using Checkpointer.Scheduler.Cli.Rendering;
using Checkpointer.Scheduler.Jobs;
using Checkpointer.Store;

namespace Checkpointer.Scheduler.Cli;

/// <summary><c>pin</c>: keeps a generation from being removed.</summary>
internal sealed class PinVerb : Verb
{
    private readonly Argument<GenerationReference> _generation = Words.Generation("JOB/NUMBER or JOB/latest.");

    private readonly Option<string> _note = new("--note")
    {
        Description = "Why, for people. Shown by `generations` and `show`.",
        HelpName = "TEXT",
        DefaultValueFactory = _ => "",
    };

    /// <summary>Makes the verb.</summary>
    public PinVerb()
        : base("pin", "Keeps a generation from being removed by `forget`, whatever the rules say.", "pin md/12", "pin md/latest --note \"before the upgrade\"")
    {
        Arguments.Add(_generation);
        Options.Add(_note);
    }

    /// <inheritdoc/>
    public override int Run(Invocation invocation, ParseResult arguments)
    {
        using IJobStore store = invocation.Rooms.OpenStore();
        GenerationName name = arguments.GetRequiredValue(_generation).Resolve(store);
        string note = arguments.GetValue(_note) ?? "";
        store.Pin(name, note);
        invocation.Output.Json(new PinLine(name.ToString(), true, note), CliJson.Lines.PinLine);
        invocation.Output.Line($"{name} is pinned; `checkpointer unpin {name}` ends that");
        return ExitCode.Ok;
    }
}
