using Checkpointer.EndToEnd.Tests.Interop;

namespace Checkpointer.EndToEnd.Tests.Support;

/// <summary>
/// Compiles the self-verifying programs once for the whole run, into a temporary directory that is removed at its end.
/// Also makes this process adopt the orphans of what it starts.
/// </summary>
public sealed class ProgramFixture : IDisposable
{
    private static readonly TimeSpan _compilerTimeout = TimeSpan.FromMinutes(2);
    private readonly string _directory = Directory.CreateTempSubdirectory("checkpointer-programs-").FullName;
    private readonly Dictionary<string, Lazy<string>> _executables;
    private readonly Lazy<string> _emptyStore;
    private readonly HugePagePool _hugePages = new();

    /// <summary>Compiles everything, two at a time. A program that does not compile fails only its own tests.</summary>
    public ProgramFixture()
    {
        Child.AdoptOrphans();
        _executables = TestProgram.All.ToDictionary(program => program.Name, program => new Lazy<string>(() => Compile(program.Source, program.CompilerFlags)));
        foreach (var tool in Directory.GetFiles(Path.Combine(Repository.Root, "tests", "Programs", "tools"), "*.c"))
        {
            _executables.Add(Path.GetFileNameWithoutExtension(tool), new Lazy<string>(() => Compile(tool, [])));
        }

        _emptyStore = new Lazy<string>(MakeEmptyStore);
        Parallel.ForEach(_executables.Values, new ParallelOptions { MaxDegreeOfParallelism = 2 }, TryCompile);
    }

    /// <summary>Path of a compiled program or tool.</summary>
    /// <exception cref="InvalidOperationException">It did not compile; the message is the compiler's.</exception>
    public string Executable(string name) => _executables[name].Value;

    /// <summary>Copies a store without jobs to a new directory. Making one takes a run of the command line.</summary>
    public void CopyEmptyStore(string target)
    {
        foreach (var source in Directory.EnumerateDirectories(_emptyStore.Value, "*", SearchOption.AllDirectories).Prepend(_emptyStore.Value))
        {
            const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
            var directory = Directory.CreateDirectory(target + source[_emptyStore.Value.Length..], OwnerOnly).FullName;
            foreach (var file in Directory.EnumerateFiles(source))
            {
                File.Copy(file, Path.Combine(directory, Path.GetFileName(file)));
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Child.ReapAll();
        _hugePages.Dispose();
        Directory.Delete(_directory, recursive: true);
    }

    private static void TryCompile(Lazy<string> executable)
    {
        try
        {
            _ = executable.Value;
        }
        catch (InvalidOperationException)
        {
            // Lazy keeps the failure and throws it at whoever asks for this program.
        }
    }

    private string MakeEmptyStore()
    {
        var directory = Directory.CreateDirectory(Path.Combine(_directory, "seed")).FullName;
        using var job = TestJob.StartProgram(Executable("compute"), directory, "seed");
        var cli = new Cli(directory);
        _ = cli.Run("register", "seed", "--pid", $"{job.Pid}").Expect(0);
        _ = cli.Run("unregister", "seed").Expect(0);
        return cli.Store;
    }

    private string Compile(string source, IReadOnlyList<string> flags)
    {
        var executable = Path.Combine(_directory, Path.GetFileNameWithoutExtension(source));
        var log = executable + ".log";
        string[] arguments = ["-std=gnu11", "-O2", "-Wall", "-Werror", "-pthread", .. flags, source, "-o", executable, "-lm", "-lrt"];
        var pid = Spawner.Spawn(new SpawnRequest("cc", arguments, TestJob.Inherited(), log, log, _directory));
        var status = Child.Reap(pid, _compilerTimeout, () => $"cc {source}");
        return status is { Exited: true, Code: 0 }
            ? executable
            : throw new InvalidOperationException($"cc {string.Join(' ', arguments)}: {status}\n{File.ReadAllText(log)}");
    }
}
