using System.Collections;
using Checkpointer.EndToEnd.Tests.Interop;
using Xunit;

namespace Checkpointer.Engine.Tests.Support;

/// <summary>Starts programs by posix_spawn.</summary>
internal static class Command
{
    private static readonly TimeSpan _timeout = TimeSpan.FromMinutes(2);

    /// <summary>Starts a program and returns its PID; the caller ends and reaps it.</summary>
    public static int Start(Scratch scratch, string file, params IReadOnlyList<string> arguments) =>
        Spawner.Spawn(new SpawnRequest(file, arguments, Inherited(), scratch["output"], scratch["output"], scratch.ToString()));

    /// <summary>Runs a program to its end.</summary>
    /// <returns>Whether it ended with 0, and what it printed to both streams.</returns>
    public static (bool Succeeded, string Output) Run(Scratch scratch, string file, params IReadOnlyList<string> arguments)
    {
        var status = Child.Reap(Start(scratch, file, arguments), _timeout, () => $"{file} {string.Join(' ', arguments)}");
        return (status is { Exited: true, Code: 0 }, File.ReadAllText(scratch["output"]));
    }

    /// <summary>Runs a program that must succeed and returns what it printed.</summary>
    public static string Require(Scratch scratch, string file, params IReadOnlyList<string> arguments)
    {
        var (succeeded, output) = Run(scratch, file, arguments);
        Assert.True(succeeded, $"{file} {string.Join(' ', arguments)}: {output}");
        return output;
    }

    /// <summary>Ends a program that <see cref="Start"/> started, and waits for it.</summary>
    public static void End(int pid)
    {
        _ = Child.Signal(pid, Checkpointer.EndToEnd.Tests.Interop.Libc.SIGKILL);
        _ = Child.Reap(pid, _timeout, () => $"killed process {pid}");
    }

    private static Dictionary<string, string> Inherited()
    {
        var environment = Environment.GetEnvironmentVariables().Cast<DictionaryEntry>()
            .ToDictionary(entry => (string)entry.Key, entry => (string)entry.Value!);
        environment["LC_ALL"] = "C";
        return environment;
    }
}
