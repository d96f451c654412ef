using System.CommandLine;
using Checkpointer.Scheduler.Cli.Rendering;
using Checkpointer.Scheduler.Jobs;
using Checkpointer.Store;

namespace Checkpointer.Scheduler.Cli;

/// <summary><c>generations</c>: the generations of a job.</summary>
internal sealed class GenerationsVerb : Verb
{
    private readonly Argument<string> _job = Words.Job("Name of the job.");

    /// <summary>Makes the verb.</summary>
    public GenerationsVerb()
        : base("generations", "Lists the generations of a job, oldest first.", "generations md", "generations md --json")
    {
        Arguments.Add(_job);
    }

    /// <inheritdoc/>
    public override int Run(Invocation invocation, ParseResult arguments)
    {
        using IJobStore store = invocation.Rooms.OpenStore();
        JobRecord job = store.Job(arguments.GetRequiredValue(_job));
        IReadOnlyList<GenerationRecord> generations = store.Generations(job.Name);
        foreach (GenerationRecord generation in generations)
        {
            invocation.Output.Json(GenerationLine.From(generation), CliJson.Lines.GenerationLine);
        }

        invocation.Output.Table(
            [
                new("GENERATION"), new("TAKEN AT"), new("KIND"), new("FROZEN", true), new("TOOK", true),
                new("MEMORY", true), new("DIRTY", true), new("NEW", true),
            ],
            [.. generations.Select(generation => Row(generation, invocation.Time))],
            whenEmpty: $"job {job.Name} has no generation; `checkpointer dump {job.Name}` takes one");
        return ExitCode.Ok;
    }

    private static string[] Row(GenerationRecord generation, TimeProvider time) =>
    [
        generation.Name.ToString(),
        Quantity.Time(generation.CreatedAt, time),
        generation.Summary.Kind,
        Quantity.Duration(TimeSpan.FromMicroseconds(generation.Summary.FreezeMicroseconds)),
        Quantity.Duration(generation.Duration),
        Quantity.Bytes(generation.Summary.PopulatedBytes),
        Quantity.Bytes(generation.Summary.DirtyBytes),
        Quantity.Bytes(generation.NewBytes),
    ];
}
