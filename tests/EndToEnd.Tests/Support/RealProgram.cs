using Checkpointer.EndToEnd.Tests.Interop;

namespace Checkpointer.EndToEnd.Tests.Support;

/// <summary>
/// A program that knows nothing of us: it writes a line for each step, in a way that a lost or doubled step changes all lines that follow. Its arguments are the
/// number of steps and how many seconds it sleeps after each.
/// </summary>
/// <param name="Name">Name, for tests.</param>
/// <param name="Command">Command, with {source} for the file in tests/RealPrograms and {program} for what <paramref name="Compiler"/> makes of it.</param>
/// <param name="Source">File in tests/RealPrograms.</param>
/// <param name="Steps">Steps to run for: with the pauses enough for two dumps on a busy machine.</param>
/// <param name="Compiler">Command that makes the program; null for an interpreted one.</param>
internal sealed record RealProgram(string Name, string[] Command, string Source, int Steps, string[]? Compiler = null)
{
    // Most of the time it sleeps, so that a dump is not slowed down by the work of a job that it races with.
    private const string Pause = "0.03";

    private static readonly TimeSpan _compilerTimeout = TimeSpan.FromMinutes(2);

    /// <summary>All of them.</summary>
    public static IReadOnlyList<RealProgram> All { get; } =
    [
        new("numpy", ["/usr/bin/python3", "{source}"], "numpy_job.py", 300),
        new("python-multiprocessing", ["/usr/bin/python3", "{source}"], "pool.py", 300),
        new("python-nohup", ["nohup", "/usr/bin/python3", "{source}"], "numpy_job.py", 300),
        new("perl", ["perl", "{source}"], "job.pl", 300),
        new("bash-pipeline", ["bash", "{source}"], "pipeline.sh", 300),
        new("sh-churn", ["sh", "{source}"], "churn.sh", 300),
        new("openmp", ["{program}"], "openmp.c", 300, ["cc", "-O2", "-fopenmp", "{source}", "-o", "{program}"]),
        new("static", ["{program}"], "openmp.c", 300, ["cc", "-O2", "-static", "{source}", "-o", "{program}"]),
        new("musl", ["{program}"], "threads.c", 300, ["musl-gcc", "-O2", "-static", "-pthread", "{source}", "-o", "{program}"]),
        new("r", ["Rscript", "--vanilla", "{source}"], "job.R", 300),
        new("java", ["java", "-cp", "{directory}", "Streams"], "Streams.java", 300, ["javac", "-d", "{directory}", "{source}"]),
    ];

    /// <summary>Command line, pauses included; makes the program where it has to be made.</summary>
    public IReadOnlyList<string> Prepare(string directory)
    {
        if (Compiler is not null)
        {
            Run(Fill(Compiler, directory), directory, "compiler", _compilerTimeout);
        }

        return [.. Fill(Command, directory), $"{Steps}", Pause];
    }

    /// <summary>What it writes when nothing comes between.</summary>
    public static string Reference(IReadOnlyList<string> command, string directory) => Run([.. command.SkipLast(1), "0"], directory, "reference", Wait.Patience);

    private static string Run(IReadOnlyList<string> command, string directory, string name, TimeSpan timeout)
    {
        var output = Path.Combine(directory, name + ".stdout");
        var errors = Path.Combine(directory, name + ".stderr");
        var pid = Spawner.Spawn(new SpawnRequest(command[0], [.. command.Skip(1)], TestJob.Inherited(), output, errors, directory));
        var status = Child.Reap(pid, timeout, () => string.Join(' ', command));
        return status is { Exited: true, Code: 0 }
            ? File.ReadAllText(output)
            : throw new InvalidOperationException($"{string.Join(' ', command)}: {status}\n{File.ReadAllText(errors)}");
    }

    private IReadOnlyList<string> Fill(IReadOnlyList<string> words, string directory) =>
    [
        .. words.Select(word => word
            .Replace("{source}", Path.Combine(Repository.Root, "tests", "RealPrograms", Source), StringComparison.Ordinal)
            .Replace("{program}", Path.Combine(directory, Name), StringComparison.Ordinal)
            .Replace("{directory}", directory, StringComparison.Ordinal)),
    ];
}
