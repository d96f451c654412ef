using System.Globalization;
using System.Text.Json;
using Checkpointer.EndToEnd.Tests.Interop;

namespace Checkpointer.EndToEnd.Tests.Support;

/// <summary>The service of a store, as a process of its own. Killed on disposal, where it was not ended before.</summary>
internal sealed class Service : IDisposable
{
    private readonly Cli _cli;
    private readonly (string Name, string Value)[] _environment;
    private CliRun _run;

    private Service(Cli cli, (string Name, string Value)[] environment)
    {
        _cli = cli;
        _environment = environment;
        _run = Start();
    }

    /// <summary>Its process.</summary>
    public int Pid => _run.Pid;

    /// <summary>What it logged since it was started last.</summary>
    public string Log => _run.Error;

    /// <summary>Starts it and waits until it serves.</summary>
    public static Service Of(Cli cli, params (string Name, string Value)[] environment) => new(cli, environment);

    /// <summary>Kills it, as a crash would, and starts another one.</summary>
    public void KillAndRestart()
    {
        _run.Kill();
        _run = Start();
    }

    /// <summary>Kills it.</summary>
    public void Kill() => _run.Kill();

    /// <summary>Starts it again after <see cref="Kill"/>.</summary>
    public void Restart() => _run = Start();

    /// <summary>Ends it cleanly.</summary>
    public CliResult End()
    {
        const int Terminate = 15; // SIGTERM
        _ = Child.Signal(_run.Pid, Terminate);
        return _run.Finish();
    }

    /// <summary>What it says of a job.</summary>
    public JsonElement Status(string job) => _cli.Run("status", job).Expect(0).Json.Single();

    /// <summary>Waits until the job is in one of some states.</summary>
    public JsonElement WaitForState(string job, params string[] states)
    {
        JsonElement status = default;
        Wait.Until(
            () => states.Contains((status = Status(job)).GetProperty("state").GetString()), Wait.Patience,
            () => $"the job does not get to {string.Join(" or ", states)}: {status}\n{Describe(job)}");
        return status;
    }

    /// <summary>Waits until there is a generation above a number. Returns the number of the newest.</summary>
    public long WaitForGenerationAbove(string job, long number)
    {
        long newest = 0;
        Wait.Until(() => (newest = Newest(job)) > number, Wait.Patience, () => $"no generation after {number}: {Describe(job)}");
        return newest;
    }

    /// <summary>Number of the newest generation; 0 for none.</summary>
    public long Newest(string job)
        => Status(job).GetProperty("latest").GetString() is { } name ? long.Parse(name.Split('/')[1], CultureInfo.InvariantCulture) : 0;

    /// <summary>Kinds of what happened to the job, the newest last.</summary>
    public IReadOnlyList<string> Events(string job)
        => [.. _cli.Run("events", job, "--count", "1000").Expect(0).Json.Select(line => line.GetProperty("kind").GetString()!)];

    /// <inheritdoc/>
    public void Dispose() => _run.Kill();

    private string Describe(string job) => $"{_cli.Run("events", job)}\n{_run.Error}";

    private CliRun Start()
    {
        var run = _cli.StartProgram(["env", .. _environment.Select(variable => $"{variable.Name}={variable.Value}"), .. Cli.Program, "daemon", "--json", "--store", _cli.Store]);
        Wait.Until(() => run.Lines.Count > 0 || run.HasEnded, Wait.Patience, () => "the service does not begin");
        return run.HasEnded ? throw new InvalidOperationException(run.Finish().ToString()) : run;
    }
}
