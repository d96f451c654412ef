using System.CommandLine;
using Checkpointer.Engine;
using Checkpointer.Scheduler.Cli.Inspection;
using Checkpointer.Scheduler.Cli.Rendering;
using Checkpointer.Scheduler.Jobs;
using Checkpointer.Store;

namespace Checkpointer.Scheduler.Cli;

/// <summary><c>diff</c>: what changed between two generations.</summary>
internal sealed class DiffVerb : Verb
{
    private readonly Argument<GenerationReference> _before = Words.Generation("The one: JOB/NUMBER or JOB/latest.");

    private readonly Argument<GenerationReference> _after = Words.OtherGeneration("The other.");

    /// <summary>Makes the verb.</summary>
    public DiffVerb()
        : base(
            "diff",
            "Shows what changed between two generations: processes, threads, memory by mapping, descriptors, files.",
            "diff md/3 md/latest",
            "diff md/3 md/4 --json")
    {
        Arguments.Add(_before);
        Arguments.Add(_after);
    }

    /// <inheritdoc/>
    public override int Run(Invocation invocation, ParseResult arguments)
    {
        using IJobStore store = invocation.Rooms.OpenStore();
        GenerationName before = arguments.GetValue(_before).Resolve(store);
        GenerationName after = arguments.GetValue(_after).Resolve(store);
        var diff = new GenerationDiff(Describe(store, before), Describe(store, after), content =>
        {
            invocation.Cancellation.ThrowIfCancellationRequested();
            return store.Changes(before, after, content);
        });
        DiffLine line = diff.Run(before.ToString(), after.ToString());
        invocation.Output.Json(line, CliJson.Lines.DiffLine);
        WriteForPeople(invocation.Output, line);
        return ExitCode.Ok;
    }

    private static JobDescription Describe(IJobStore store, GenerationName name)
    {
        using IStoredGeneration generation = store.OpenGeneration(name);
        return CheckpointEngine.Describe(generation);
    }

    private static void WriteForPeople(Output output, DiffLine line)
    {
        if (line.Same)
        {
            output.Line("no difference");
            return;
        }

        output.Line($"{Quantity.Bytes((long)line.ChangedBytes)} of memory changed");
        Table(
            output,
            [new("PID"), new("PROCESS"), new("NAME"), new("THREADS STARTED"), new("THREADS ENDED")],
            line.Processes.Select(process => new[]
            {
                Quantity.Count(process.Pid), process.Change, process.Name, string.Join(' ', process.ThreadsStarted), string.Join(' ', process.ThreadsEnded),
            }));
        Table(
            output,
            [new("PID"), new("MEMORY"), new("START"), new("END"), new("ACCESS"), new("CHANGED", true), new("RANGES", true), new("NAME")],
            line.Memory.Select(mapping => new[]
            {
                Quantity.Count(mapping.Pid), mapping.Change, mapping.Start, mapping.End, mapping.Access, Quantity.Bytes((long)mapping.ChangedBytes),
                Quantity.Count(mapping.RangeCount), mapping.Name,
            }));
        Table(
            output,
            [new("PID"), new("DESCRIPTOR", true), new("CHANGE"), new("BEFORE"), new("AFTER")],
            line.Descriptors.Select(descriptor => new[]
            {
                Quantity.Count(descriptor.Pid), Quantity.Count(descriptor.Number), descriptor.Change, descriptor.Before ?? "-", descriptor.After ?? "-",
            }));
        Table(
            output,
            [new("FILE"), new("CHANGE"), new("BEFORE", true), new("AFTER", true), new("CHANGED", true)],
            line.Files.Select(file => new[] { file.Path, file.Change, Size(file.BytesBefore), Size(file.BytesAfter), Quantity.Bytes((long)file.ChangedBytes) }));
    }

    private static void Table(Output output, IReadOnlyList<TableColumnView> columns, IEnumerable<string[]> rows)
    {
        string[][] all = [.. rows];
        if (all.Length > 0)
        {
            output.Line("");
            output.Table(columns, all, whenEmpty: "");
        }
    }

    private static string Size(ulong? bytes) => bytes is { } known ? Quantity.Bytes((long)known) : "-";
}
