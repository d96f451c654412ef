using Checkpointer.EndToEnd.Tests.Interop;
using Checkpointer.EndToEnd.Tests.Support;
using Checkpointer.Store;

namespace Checkpointer.Benchmarks;

/// <summary>A directory for programs, jobs and stores, removed at the end, and how thorough the run is.</summary>
internal sealed class Place : IDisposable
{
    private static readonly TimeSpan _compilerTimeout = TimeSpan.FromMinutes(1);
    private readonly Dictionary<string, string> _executables = [];
    private int _stores;

    public Place(string parent, bool isQuick, IReadOnlyList<int>? sizes)
    {
        Child.AdoptOrphans();
        Directory = Path.Combine(parent, $"checkpointer-benchmarks-{Environment.ProcessId}");
        System.IO.Directory.CreateDirectory(Directory);
        IsQuick = isQuick;
        Sizes = sizes ?? (isQuick ? [256] : [256, 1024, 4096, 8192]);
    }

    /// <summary>Where everything is.</summary>
    public string Directory { get; }

    /// <summary>True for one small size and few samples, to see that everything works.</summary>
    public bool IsQuick { get; }

    /// <summary>Most generations of the benchmark of many.</summary>
    public int Generations { get; init; } = 10_000;

    /// <summary>Sizes of jobs, MiB.</summary>
    public IReadOnlyList<int> Sizes { get; }

    /// <summary>Path of a compiled program of tests/Programs.</summary>
    public string Executable(string name)
    {
        if (!_executables.TryGetValue(name, out var executable))
        {
            executable = Path.Combine(Directory, name);
            Compile(Path.Combine(Repository.Root, "tests", "Programs", name + ".c"), executable);
            _executables.Add(name, executable);
        }

        return executable;
    }

    /// <summary>A directory for one more store.</summary>
    public string NewStore() => Path.Combine(Directory, $"store-{++_stores}");

    /// <summary>A key file for a store.</summary>
    public string NewKeyFile()
    {
        var path = Path.Combine(Directory, $"key-{++_stores}");
        StoreSecret.CreateFile(path);
        return path;
    }

    /// <inheritdoc/>
    public void Dispose() => System.IO.Directory.Delete(Directory, recursive: true);

    private void Compile(string source, string executable)
    {
        var log = executable + ".log";
        string[] arguments = ["-std=gnu11", "-O2", "-pthread", source, "-o", executable];
        var environment = new Dictionary<string, string> { ["PATH"] = Environment.GetEnvironmentVariable("PATH") ?? "/usr/bin:/bin" };
        var pid = Spawner.Spawn(new SpawnRequest("cc", arguments, environment, log, log, Directory));
        var status = Child.Reap(pid, _compilerTimeout, () => $"cc {source}");
        if (status is not { Exited: true, Code: 0 })
        {
            throw new InvalidOperationException($"cc {source}: {status}\n{File.ReadAllText(log)}");
        }
    }
}
