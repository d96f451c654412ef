using Checkpointer.Scheduler.Cli;
using Checkpointer.Scheduler.Cli.Rendering;
using Checkpointer.Scheduler.Composition;
using Checkpointer.Scheduler.Jobs;
using Checkpointer.Scheduler.Policies;
using Checkpointer.Store;
using Microsoft.Extensions.Logging;

namespace Checkpointer.Scheduler.Tests.Fakes;

/// <summary>What one command line wrote and returned.</summary>
internal sealed record CommandResult(int Code, string Out, string Error);

/// <summary>Runs whole command lines against a fake engine and a fake store.</summary>
internal sealed class CommandLine
{
    public CommandLine()
    {
        Engine = new FakeEngine(Journal);
        Store = new FakeStore(Journal);
    }

    public List<string> Journal { get; } = [];

    public FakeEngine Engine { get; }

    public FakeStore Store { get; }

    public bool HasStore { get; set; } = true;

    public bool IsTerminal { get; set; }

    public string? StoreArgument { get; private set; }

    public bool Verbose { get; private set; }

    public string StoreDirectory { get; set; } = Path.GetTempPath();

    public string PolicyDirectory { get; set; } = "/does/not/exist";

    public SteppingTime Time { get; } = new();

    public CommandResult Run(params string[] words) => Run(CancellationToken.None, words);

    public CommandResult Run(CancellationToken cancellation, params string[] words)
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        var terminal = new Terminal(output, error, IsTerminal, IsTerminal, HasColour: IsTerminal, Terminal.PipedColumns);
        var application = new Application(terminal, Open, Time);
        return new CommandResult(application.Run(words, cancellation), output.ToString(), error.ToString());
    }

    private Rooms Open(string? storeDirectory, string? keyFile, bool verbose)
    {
        StoreArgument = storeDirectory;
        Verbose = verbose;
        return new Rooms(this);
    }

    private sealed class Rooms(CommandLine line) : IRooms
    {
        public string StoreDirectory => line.StoreDirectory;

        public IJobEngine Engine => line.Engine;

        public Settings Settings { get; } = SettingsReader.Read([], new Dictionary<string, string>());

        public IJobStore OpenStoreForService(ILoggerFactory loggers) => OpenOrCreateStore();

        public IJobEngine EngineForService(ILoggerFactory loggers) => Engine;

        public void AskForSecret()
        {
        }

        public IJobStore OpenStore() => line.HasStore
            ? line.Store
            : throw new StoreException(StoreFailure.NoStore, "there is no store at /store", "`checkpointer register` makes one");

        public IJobStore OpenOrCreateStore()
        {
            line.HasStore = true;
            return line.Store;
        }

        public PolicyFolder OpenPolicies() => new(line.PolicyDirectory);

        public RepairReport RepairStore(RepairOptions options, IProgress<long>? bytesDone, CancellationToken cancellation)
        {
            line.Journal.Add(FormattableString.Invariant($"repair {options.Wait}{(options.IsDryRun ? " dry" : "")}"));
            GenerationName[] spoiled = [.. line.Store.Damages.SelectMany(damage => damage.Generations)];
            return new RepairReport(
                false, false, 3, 8192, line.Store.Damages, [.. line.Store.Damages.Select(_ => "a.pack")], 7, 4096, spoiled.Length > 1 ? 1 : 0,
                [.. spoiled.Take(1)], [.. spoiled.Skip(1)]);
        }

        public void Dispose()
        {
        }
    }
}
