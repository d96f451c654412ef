using System.CommandLine;
using Checkpointer.Scheduler.Cli.Rendering;
using Checkpointer.Scheduler.Jobs;
using Checkpointer.Store;

namespace Checkpointer.Scheduler.Cli;

/// <summary><c>import</c>: an exported generation as one of a job here.</summary>
internal sealed class ImportVerb : Verb
{
    private const int BufferBytes = 1 << 20;

    private readonly Argument<string> _file = Words.TransferFile("What `export` wrote. - is standard input.");
    private readonly Option<string?> _keyFile = new("--export-key-file")
    {
        Description = "Key file, or file with the passphrase, of the store that wrote an encrypted export. Default: that of this store.",
        HelpName = "FILE",
        CustomParser = result => Path.GetFullPath(result.Tokens[0].Value),
    };

    private readonly Option<string> _name = Words.JobOption("--as", "The job that gets it. One that is registered is refused.");

    /// <summary>Makes the verb.</summary>
    public ImportVerb()
        : base(
            "import",
            "Takes an exported generation in as the next one of a job, which is made where there is none. `restore` brings it back.",
            "import md.export --as md-from-node7",
            "import - --as md --json")
    {
        Arguments.Add(_file);
        Options.Add(_name);
        Options.Add(_keyFile);
    }

    /// <inheritdoc/>
    public override int Run(Invocation invocation, ParseResult arguments)
    {
        string file = arguments.GetRequiredValue(_file);
        StoreSecret? secret = arguments.GetValue(_keyFile) is { } keyFile ? StoreSecret.FromFile(keyFile) : null;
        using Stream input = Open(file);
        using IJobStore store = invocation.Rooms.OpenOrCreateStore();
        long started = invocation.Time.GetTimestamp();
        TransferReport report = Import(invocation, store, input, secret, arguments.GetRequiredValue(_name));
        TimeSpan took = invocation.Time.GetElapsedTime(started);
        invocation.Output.Json(
            new ImportLine(
                report.Generation.ToString(), report.Source.ToString(), report.Bytes, report.Chunks, report.NewBytes, (long)took.TotalMilliseconds),
            CliJson.Lines.ImportLine);
        invocation.Output.Line(
            $"{report.Generation}: was {report.Source}, {Quantity.Bytes(report.Bytes)} read, {Quantity.Bytes(report.NewBytes)} new in the store, in {Quantity.Duration(took)}");
        invocation.Output.Line($"`checkpointer restore {report.Generation}` brings it back");
        return ExitCode.Ok;
    }

    private static Stream Open(string file)
        => file == Words.StandardStream
            ? new BufferedStream(Console.OpenStandardInput(), BufferBytes)
            : new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.Read, BufferBytes);

    private static TransferReport Import(Invocation invocation, IJobStore store, Stream input, StoreSecret? secret, string job)
    {
        using IProgressTask task = invocation.Progress.Start($"import as {job}", 0);
        return store.Import(input, secret, job, task, invocation.Cancellation);
    }
}
