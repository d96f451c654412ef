using System.CommandLine;
using Checkpointer.Engine;
using Checkpointer.Scheduler.Cli.Rendering;
using Checkpointer.Scheduler.Jobs;
using Checkpointer.Store;

namespace Checkpointer.Scheduler.Cli;

/// <summary><c>show</c>: what is in one generation.</summary>
internal sealed class ShowVerb : Verb
{
    private readonly Argument<GenerationReference> _generation = Words.Generation("JOB/NUMBER or JOB/latest.");
    private readonly Option<bool> _tree = new("--tree") { Description = "Its processes and threads." };
    private readonly Option<bool> _memory = new("--memory") { Description = "The memory map of each process." };
    private readonly Option<bool> _descriptors = new("--descriptors") { Description = "The descriptors of each process." };
    private readonly Option<bool> _files = new("--files") { Description = "The files of which it carries something." };
    private readonly Option<bool> _all = new("--all") { Description = "All of that." };

    /// <summary>Makes the verb.</summary>
    public ShowVerb()
        : base(
            "show",
            "Shows what is in a generation: facts of its dump, and as asked for its processes, memory map, descriptors and files.",
            "show md/3",
            "show md/latest --tree --descriptors",
            "show md/latest --all --json")
    {
        Arguments.Add(_generation);
        Options.Add(_tree);
        Options.Add(_memory);
        Options.Add(_descriptors);
        Options.Add(_files);
        Options.Add(_all);
    }

    /// <inheritdoc/>
    public override int Run(Invocation invocation, ParseResult arguments)
    {
        using IJobStore store = invocation.Rooms.OpenStore();
        GenerationName name = arguments.GetValue(_generation).Resolve(store);
        using IStoredGeneration generation = store.OpenGeneration(name);
        var description = new GenerationDescription(generation);
        var detail = Detail(generation, arguments);
        Output output = invocation.Output;
        output.Json(description.ToLine(detail), CliJson.Lines.ShowLine);
        output.Facts(description.Describe(invocation.Time));
        if (!detail.IsWanted)
        {
            WriteNames(output, description);
        }

        detail.Write(output, invocation.Time);
        return ExitCode.Ok;
    }

    private GenerationDetail Detail(IStoredGeneration generation, ParseResult arguments)
    {
        bool Wants(Option<bool> option) => arguments.GetValue(_all) || arguments.GetValue(option);
        bool any = Wants(_tree) || Wants(_memory) || Wants(_descriptors) || Wants(_files);
        JobDescription? job = any ? CheckpointEngine.Describe(generation) : null;
        return new GenerationDetail(
            Wants(_tree) ? [.. job!.Processes.Select(ProcessLine.From)] : null,
            Wants(_memory) ? [.. job!.Processes.SelectMany(process => process.Mappings.Select(mapping => MappingLine.From(process.Pid, mapping)))] : null,
            Wants(_descriptors)
                ? [.. job!.Processes.SelectMany(process => process.Descriptors.Select(descriptor => DescriptorLine.From(process.Pid, descriptor)))]
                : null,
            Wants(_files) ? [.. job!.Files.Select(CarriedFileLine.From)] : null);
    }

    private static void WriteNames(Output output, GenerationDescription description)
    {
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
    }
}
