using System.CommandLine;
using Checkpointer.Scheduler.Cli.Rendering;
using Checkpointer.Scheduler.Jobs;
using Checkpointer.Store;

namespace Checkpointer.Scheduler.Cli;

/// <summary><c>show</c>: what is in one generation.</summary>
internal sealed class ShowVerb : Verb
{
    private readonly Argument<GenerationReference> _generation = Words.Generation("JOB/NUMBER or JOB/latest.");

    /// <summary>Makes the verb.</summary>
    public ShowVerb()
        : base(
            "show",
            "Shows what is in a generation: facts of its dump, its processes, images and contents.",
            "show md/3",
            "show md/latest --json")
    {
        Arguments.Add(_generation);
    }

    /// <inheritdoc/>
    public override int Run(Invocation invocation, ParseResult arguments)
    {
        using IJobStore store = invocation.Rooms.OpenStore();
        GenerationName name = arguments.GetValue(_generation).Resolve(store);
        using IStoredGeneration generation = store.OpenGeneration(name);
        var description = new GenerationDescription(generation);
        Output output = invocation.Output;
        output.Json(description.ToLine(), CliJson.Lines.ShowLine);
        output.Facts(description.Describe(invocation.Time));
        output.Line("");
        output.Table(
            [new("IMAGE"), new("SIZE", true)],
            [.. description.Images.Select(image => new[] { image.Name, Quantity.Bytes(image.Bytes) })],
            whenEmpty: "no images");
        output.Line("");
        output.Table(
            [new("CONTENT")],
            [.. description.Contents.Select(content => new[] { content })],
            whenEmpty: "no contents");
        return ExitCode.Ok;
    }
}
