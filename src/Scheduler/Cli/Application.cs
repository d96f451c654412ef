using System.Collections;
using System.CommandLine;
using Checkpointer.Engine;
using Checkpointer.Scheduler.Cli.Rendering;
using Checkpointer.Scheduler.Composition;

namespace Checkpointer.Scheduler.Cli;

/// <summary>Runs one command line from its words to its exit code. The only place where failures end.</summary>
internal sealed class Application(Terminal terminal, RoomsFactory rooms, TimeProvider time, Signals? signals = null)
{
    // No response files: an argument that starts with @ is an argument.
    private static readonly ParserConfiguration _parsing = new() { ResponseFileTokenReplacer = null };

    private readonly RootVerb _root = new();

    /// <summary>Runs on this process's console and host.</summary>
    public static int Run(IReadOnlyList<string> words)
    {
        if (words is [EngineWorker.Word, ..])
        {
            // Not a verb: a process of ours in the namespaces of a job, started by another.
            using var loggers = StandardErrorLogging.Create(words.Contains(EngineWorker.Verbose));
            return EngineWorker.Run(loggers);
        }

        using var signals = new Signals(TimeProvider.System);
        var application = new Application(Terminal.OfConsole(), CreateLocalRooms, TimeProvider.System, signals);
        return application.Run(words, signals.Token);
    }

    /// <summary>Runs one command line.</summary>
    public int Run(IReadOnlyList<string> words, CancellationToken cancellation)
    {
        ParseResult arguments = _root.Parse(words, _parsing);
        var output = new Output(terminal, IsJsonWanted(arguments, words));
        if (arguments.Errors.Count > 0)
        {
            return Misused(arguments, output);
        }

        // Help and version have actions; verbs have none and are run here, where their failures are known by type.
        return arguments.Action is null && arguments.CommandResult.Command is Verb verb
            ? Run(verb, arguments, output, cancellation)
            : arguments.Invoke(new InvocationConfiguration { Output = terminal.Out, Error = terminal.Error });
    }

    private int Run(Verb verb, ParseResult arguments, Output output, CancellationToken cancellation)
    {
        bool isVerbose = arguments.GetValue(_root.Verbose);
        try
        {
            using IRooms opened = rooms(arguments.GetValue(_root.Store), arguments.GetValue(_root.KeyFile), isVerbose);
            var progress = new ProgressDisplay(terminal, time);
            return verb.Run(new Invocation(output, opened, progress, time, cancellation) { IsVerbose = isVerbose, Signals = signals }, arguments);
        }
#pragma warning disable CA1031 // The end of the line: what is not caught here would be a crash dump instead of a sentence.
        catch (Exception failure)
#pragma warning restore CA1031
        {
            ErrorLine report = FailureReport.From(failure);
            output.Failure(report);
            if (isVerbose)
            {
                output.Detail(failure.ToString());
            }

            return report.ExitCode;
        }
    }

    private static int Misused(ParseResult arguments, Output output)
    {
        Command command = arguments.CommandResult.Command;
        string help = string.Join(' ', (string[])["checkpointer", .. Names(command), "--help"]);
        string sentence = string.Join(" ", arguments.Errors.Select(error => error.Message));
        output.Failure(new ErrorLine(sentence, $"see `{help}`", ExitCode.Usage, []));
        return ExitCode.Usage;
    }

    // `policy list` is a verb of two words; the root, whose name is that of the program, has none.
    private static IEnumerable<string> Names(Command command)
        => command is RootCommand ? [] : command.Parents.OfType<Command>().SelectMany(Names).Append(command.Name);

    // A malformed command line may not parse as far as --json, and its error still belongs where the caller listens.
    private bool IsJsonWanted(ParseResult arguments, IReadOnlyList<string> words)
        => arguments.Errors.Count > 0 ? words.Contains("--json") : arguments.GetValue(_root.Json);

    private static LocalRooms CreateLocalRooms(string? storeDirectory, string? keyFile, bool verbose)
    {
        var environment = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (DictionaryEntry variable in Environment.GetEnvironmentVariables())
        {
            environment[(string)variable.Key] = (string?)variable.Value ?? "";
        }

        return new LocalRooms(storeDirectory, keyFile, verbose, SettingsReader.DefaultFiles, environment);
    }
}
