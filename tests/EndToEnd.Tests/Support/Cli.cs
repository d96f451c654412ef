using System.Diagnostics;
using System.Text.Json;
using Checkpointer.EndToEnd.Tests.Interop;

namespace Checkpointer.EndToEnd.Tests.Support;

/// <summary>What a run of the command line left.</summary>
/// <param name="Command">What was run, for messages.</param>
/// <param name="ExitCode">Exit code; -1 where a signal ended it.</param>
/// <param name="Output">Standard output.</param>
/// <param name="Error">Standard error.</param>
internal sealed record CliResult(string Command, int ExitCode, string Output, string Error)
{
    /// <summary>The objects of <c>--json</c>, one per line.</summary>
    public IReadOnlyList<JsonElement> Json =>
        [.. Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonDocument.Parse(line).RootElement)];

    /// <summary>Fails with all that it said unless the exit code is as wanted.</summary>
    public CliResult Expect(int exitCode) =>
        ExitCode == exitCode ? this : throw new InvalidOperationException($"exit code {ExitCode}, not {exitCode}: {this}");

    /// <inheritdoc/>
    public override string ToString() => $"{Command}\n{Output}{Error}";
}

/// <summary>Runs the real command line on one store: the published one that E2E_PROGRAM names, as test.sh does, else the one built beside
/// these tests.</summary>
internal sealed class Cli(string directory)
{
    private static readonly TimeSpan _timeout = TimeSpan.FromSeconds(90);
    private int _runs;

    /// <summary>The store that is named unless arguments name another.</summary>
    public string Store { get; set; } = Path.Combine(directory, "store");

    /// <summary>What configures the program, by the names of environment variables.</summary>
    public Dictionary<string, string> Configuration { get; } = new(StringComparer.Ordinal);

    /// <summary>Host and arguments that start the program; the verb comes after them.</summary>
    public static IReadOnlyList<string> Program { get; } = Environment.GetEnvironmentVariable("E2E_PROGRAM") is { Length: > 0 } published
        ? [published]
        : [DotnetHost(), "exec", Path.Combine(AppContext.BaseDirectory, "checkpointer.dll")];

    /// <summary>Runs a verb with <c>--json</c> on the store to its end.</summary>
    public CliResult Run(params string[] arguments) => Start(arguments).Finish();

    /// <summary>Starts a verb with <c>--json</c> on the store.</summary>
    public CliRun Start(params string[] arguments) => StartProgram([.. Program, .. arguments, "--json", "--store", Store]);

    /// <summary>Starts something that ends as the program, such as a shell that execs it.</summary>
    public CliRun StartProgram(IReadOnlyList<string> command)
    {
        var number = ++_runs;
        var environment = TestJob.Inherited();
        foreach (var name in environment.Keys.Where(name => name.StartsWith("CHECKPOINTER_", StringComparison.Ordinal)).ToList())
        {
            environment.Remove(name); // what configures the tests must not configure the program
        }

        foreach (var (name, value) in Configuration)
        {
            environment[name] = value;
        }

        environment["NO_COLOR"] = "1";
        var request = new SpawnRequest(
            command[0], [.. command.Skip(1)], environment,
            Path.Combine(directory, $"cli-{number}.out"), Path.Combine(directory, $"cli-{number}.err"), directory);
        return new CliRun(request, Spawner.Spawn(request), _timeout);
    }

    private static string DotnetHost()
    {
        var host = Environment.ProcessPath ?? "";
        return Path.GetFileName(host) == "dotnet" ? host : Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet";
    }
}

/// <summary>The command line while it runs. Killed when it takes too long.</summary>
internal sealed class CliRun(SpawnRequest request, int pid, TimeSpan timeout)
{
    private readonly long _begun = Stopwatch.GetTimestamp();
    private ExitStatus? _status;

    /// <summary>Its process.</summary>
    public int Pid => pid;

    /// <summary>The lines of standard output that are complete by now.</summary>
    public IReadOnlyList<string> Lines => [.. Read(request.OutputPath).Split('\n')[..^1]];

    /// <summary>File of its standard output.</summary>
    public string OutputPath => request.OutputPath;

    /// <summary>Standard error by now.</summary>
    public string Error => Read(request.ErrorPath);

    /// <summary>How long it runs, or ran until it was looked at last.</summary>
    public TimeSpan Elapsed => Stopwatch.GetElapsedTime(_begun);

    /// <summary>True once it has ended.</summary>
    public bool HasEnded => (_status ??= Child.TryReap(pid)) is not null;

    /// <summary>Kills it and reaps it, as a crash of the daemon would.</summary>
    public void Kill()
    {
        if (!HasEnded)
        {
            _ = Child.Signal(pid, Libc.SIGKILL);
            Wait.Until(() => HasEnded, Wait.Patience, () => $"{request.File} does not die");
        }
    }

    /// <summary>Waits for its end.</summary>
    public CliResult Finish()
    {
        try
        {
            Wait.Until(() => HasEnded, timeout, () => $"{Describe()} does not end:\n{Read(request.OutputPath)}{Read(request.ErrorPath)}");
        }
        finally
        {
            Kill();
        }

        var status = _status!.Value;
        return new CliResult(
            Describe(), status.Exited ? status.Code : -1, Read(request.OutputPath), Read(request.ErrorPath) + (status.Exited ? "" : status.ToString()));
    }

    private static string Read(string path) => File.Exists(path) ? File.ReadAllText(path) : "";

    private string Describe() => string.Join(' ', request.Arguments.SkipWhile(argument => !argument.EndsWith(".dll", StringComparison.Ordinal)).Skip(1));
}
