using Checkpointer.EndToEnd.Tests.Interop;

namespace Checkpointer.EndToEnd.Tests.Support;

/// <summary>
/// A program that knows nothing of us: it writes a line for each step, in a way that a lost or doubled step changes all lines that follow. Its arguments are the
/// number of steps, and a file: as long as that exists it sleeps after each step, so that it does not race with a dump for the processors and end before it.
/// </summary>
/// <param name="Name">Name, for tests.</param>
/// <param name="Command">Command, with {source} for the file in tests/RealPrograms and {program} for what <paramref name="Compiler"/> makes of it.</param>
/// <param name="Source">File in tests/RealPrograms.</param>
/// <param name="Steps">Steps to run for: with the pauses enough for two dumps on a busy machine, without them done in seconds.</param>
/// <param name="Compiler">Command that makes the program; null for an interpreted one.</param>
internal sealed record RealProgram(string Name, string[] Command, string Source, int Steps, string[]? Compiler = null)
{
    private static readonly TimeSpan _compilerTimeout = TimeSpan.FromMinutes(2);

    /// <summary>All of them.</summary>
    public static IReadOnlyList<RealProgram> All { get; } =
    [
        new("numpy", ["/usr/bin/python3", "{source}"], "numpy_job.py", 250),
        new("python-multiprocessing", ["/usr/bin/python3", "{source}"], "pool.py", 250),
        new("python-nohup", ["nohup", "/usr/bin/python3", "{source}"], "numpy_job.py", 250),
        new("perl", ["perl", "{source}"], "job.pl", 250),
        new("bash-pipeline", ["bash", "{source}"], "pipeline.sh", 250),
        // In a pseudoterminal of its own: what is on its way through that must be neither lost nor doubled.
        new("script", ["sh", "-c", "exec script -qec \"bash $0 $1 $2\" /dev/null", "{source}"], "pipeline.sh", 250),
        new("sh-churn", ["sh", "{source}"], "churn.sh", 250),
        new("openmp", ["{program}"], "openmp.c", 250, ["cc", "-O2", "-fopenmp", "{source}", "-o", "{program}"]),
        new("static", ["{program}"], "openmp.c", 250, ["cc", "-O2", "-static", "{source}", "-o", "{program}"]),
        new("musl", ["{program}"], "threads.c", 250, ["musl-gcc", "-O2", "-static", "-pthread", "{source}", "-o", "{program}"]),
        new("r", ["Rscript", "--vanilla", "{source}"], "job.R", 250),
        new("mpich", ["mpirun.mpich", "-np", "2", "{program}"], "ring.c", 250, ["mpicc.mpich", "-O2", "{source}", "-o", "{program}"]),
        new("openmpi", ["mpirun.openmpi", "--allow-run-as-root", "--oversubscribe", "-np", "2", "{program}"], "ring.c", 250, ["mpicc.openmpi", "-O2", "{source}", "-o", "{program}"]),
        new("java", ["java", "-cp", "{directory}", "Streams"], "Streams.java", 2000, ["javac", "-d", "{directory}", "{source}"]),
    ];

    /// <summary>Command line but for the file; makes the program where it has to be made.</summary>
    public IReadOnlyList<string> Prepare(string directory)
    {
        if (Compiler is not null)
        {
            Run(Fill(Compiler, directory), directory, "compiler", _compilerTimeout);
        }

        return [.. Fill(Command, directory), $"{Steps}"];
    }

    /// <summary>What it writes when nothing comes between.</summary>
    public static string Reference(IReadOnlyList<string> command, string directory) => Run([.. command, "/nonexistent"], directory, "reference", Wait.Patience);

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
