using System.CommandLine;
using Checkpointer.Scheduler.Cli.Rendering;
using Checkpointer.Scheduler.Jobs;
using Checkpointer.Store;

namespace Checkpointer.Scheduler.Cli;

/// <summary><c>export</c>: a generation as one file.</summary>
internal sealed class ExportVerb : Verb
{
    private const int BufferBytes = 1 << 20;

    private readonly Argument<GenerationReference> _generation = Words.Generation("JOB/NUMBER or JOB/latest.");
    private readonly Argument<string> _file = Words.TransferFile("Where to; must not exist. - is standard output.");

    /// <summary>Makes the verb.</summary>
    public ExportVerb()
        : base(
            "export",
            "Writes a generation with all that it needs into one file, which `import` takes into another store.",
            "export md/latest md.export",
            "export md/3 -")
    {
        Arguments.Add(_generation);
        Arguments.Add(_file);
    }

    /// <inheritdoc/>
    public override int Run(Invocation invocation, ParseResult arguments)
    {
        using IJobStore store = invocation.Rooms.OpenStore();
        GenerationName name = arguments.GetValue(_generation).Resolve(store);
        string file = arguments.GetRequiredValue(_file);
        if (file == Words.StandardStream)
        {
            using var output = new BufferedStream(Console.OpenStandardOutput(), BufferBytes);
            _ = Export(invocation, store, name, output);
            return ExitCode.Ok;
        }

        long started = invocation.Time.GetTimestamp();
        TransferReport report = ExportToFile(invocation, store, name, file);
        TimeSpan took = invocation.Time.GetElapsedTime(started);
        invocation.Output.Json(
            new ExportLine(name.ToString(), file, report.Bytes, report.Chunks, (long)took.TotalMilliseconds), CliJson.Lines.ExportLine);
        invocation.Output.Line($"{name}: {Quantity.Bytes(report.Bytes)} in {file}, {report.Chunks} chunk(s), in {Quantity.Duration(took)}");
        return ExitCode.Ok;
    }

    // It holds the job's memory: nobody else may read it, from the first byte on.
    private static TransferReport ExportToFile(Invocation invocation, IJobStore store, GenerationName name, string file)
    {
        using var output = new FileStream(file, new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.Write,
            BufferSize = BufferBytes,
            UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
        });
        try
        {
            TransferReport report = Export(invocation, store, name, output);
            output.Flush(flushToDisk: true);
            return report;
        }
        catch
        {
            File.Delete(file);
            throw;
        }
    }

    private static TransferReport Export(Invocation invocation, IJobStore store, GenerationName name, Stream output)
    {
        using IProgressTask task = invocation.Progress.Start($"export of {name}", 0);
        return store.Export(name, output, task, invocation.Cancellation);
    }
}
