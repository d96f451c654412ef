using System.Diagnostics;
using Checkpointer.EndToEnd.Tests.Interop;
using Checkpointer.EndToEnd.Tests.Support;
using Checkpointer.Store;
using Microsoft.Extensions.Logging.Abstractions;

namespace Checkpointer.Benchmarks;

/// <summary>The store beside the backup tools that people would use instead, restic and borg, on the memory of a NumPy program at five points of its run.</summary>
internal sealed class BackupBenchmark(Place place) : IBenchmark
{
    private const int Generations = 5;
    private const int Rounds = 3;
    private static readonly TimeSpan _timeout = TimeSpan.FromMinutes(10);

    /// <inheritdoc/>
    public void Run(TextWriter output)
    {
        var mebibytes = place.IsQuick ? 64 : 320;
        var memory = Path.Combine(place.Directory, "numpy");
        Directory.CreateDirectory(memory);
        Spawn("/usr/bin/python3", [Path.Combine(Repository.Root, "tests", "Benchmarks", "numpy_job.py"), memory, $"{mebibytes}", $"{Generations}"]);
        var files = Enumerable.Range(1, Generations).Select(number => Path.Combine(memory, $"gen-{number}")).ToList();
        var bytes = files.Sum(file => new FileInfo(file).Length);
        output.WriteLine($"{Generations} generations, {bytes / Generations >> 20} MiB each, from the page cache, one after the other, each with all its pages; durable on disk. Defaults of each tool.");
        output.WriteLine($"Medians of {Rounds} rounds in which each tool has its turn, in a store of its own, on a disk that has been synchronised.\n");
        var tools = new (string Name, Func<(List<TimeSpan>, string)> Run)[]
        {
            ("checkpointer", () => Store(files)),
            ("checkpointer, encrypted", () => Store(files, isEncrypted: true)),
            ("restic", () => Restic(files)),
            ("borg", () => Borg(files)),
        };
        var results = tools.ToDictionary(tool => tool.Name, _ => new List<Result>());
        for (var round = 0; round < Rounds; round++)
        {
            foreach (var (name, run) in tools)
            {
                results[name].Add(Measured(files, run));
            }
        }

        var table = new Table(output, "tool", "all s", "slowest s", "GB/s", "first s", "stored MiB", "ratio", "slower than checkpointer by");
        var ours = results["checkpointer"].Select(result => result.All).Median();
        foreach (var (name, _) in tools)
        {
            var all = results[name].Select(result => result.All).Median();
            var stored = results[name].Select(result => result.StoredBytes).Median();
            table.Row(
                name, all.Seconds(), results[name].Max(result => result.All).Seconds(), $"{Numbers.GBPerSecond(bytes, all):F3}", results[name].Select(result => result.First).Median().Seconds(),
                stored.MiB(), $"{(double)bytes / stored:F2}", $"{all / ours:F2}");
        }
    }

    private Result Measured(List<string> files, Func<(List<TimeSpan> Durations, string Directory)> run)
    {
        Spawn("sync", []);
        Spawn("wc", ["-l", .. files]); // the kernel may have given up what was not read for a while
        var (durations, directory) = run();
        var stored = Directory.EnumerateFiles(directory, "*", SearchOption.AllDirectories).Sum(file => new FileInfo(file).Length);
        Directory.Delete(directory, recursive: true);
        return new Result(TimeSpan.FromTicks(durations.Sum(duration => duration.Ticks)), durations[0], stored);
    }

    private (List<TimeSpan>, string) Store(List<string> files, bool isEncrypted = false)
    {
        var directory = place.NewStore();
        using var store = CheckpointStore.OpenOrCreate(directory, new StoreOptions { KeyFile = isEncrypted ? place.NewKeyFile() : "" }, NullLoggerFactory.Instance);
        store.Register(new JobRecord("job", 1, 1, "boot", "python3", DateTimeOffset.UnixEpoch, true));
        return ([.. files.Select(file => Timed(() => Store(store, file)))], directory);
    }

    private static void Store(CheckpointStore store, string path)
    {
        using var file = File.OpenHandle(path);
        using var writer = store.Begin("job", null);
        using (var content = writer.OpenContent("memory"))
        {
            content.Write(0, RandomAccess.GetLength(file), (offset, target) => RandomAccess.Read(file, target, (long)offset));
        }

        writer.Commit(new GenerationSummary("full", "compare", "copy", 0, 1, 1, 0, 0));
    }

    private (List<TimeSpan>, string) Restic(List<string> files)
    {
        var directory = place.NewStore();
        Spawn("restic", ["-q", "-r", directory, "init"]);
        return ([.. files.Select(file => Timed(() => Spawn("restic", ["-q", "-r", directory, "--no-cache", "backup", file])))], directory);
    }

    private (List<TimeSpan>, string) Borg(List<string> files)
    {
        var directory = place.NewStore();
        Spawn("borg", ["init", "-e", "none", directory]);
        return ([.. files.Select(file => Timed(() => Spawn("borg", ["create", $"{directory}::{Path.GetFileName(file)}", file])))], directory);
    }

    private static TimeSpan Timed(Action action)
    {
        var begun = Stopwatch.GetTimestamp();
        action();
        return Stopwatch.GetElapsedTime(begun);
    }

    private void Spawn(string program, string[] arguments)
    {
        var log = Path.Combine(place.Directory, "output");
        var environment = new Dictionary<string, string>
        {
            ["PATH"] = Environment.GetEnvironmentVariable("PATH") ?? "/usr/bin:/bin",
            ["HOME"] = place.Directory,
            ["RESTIC_PASSWORD"] = "benchmark",
        };
        var pid = Spawner.Spawn(new SpawnRequest(program, arguments, environment, log, log, place.Directory));
        var status = Child.Reap(pid, _timeout, () => program);
        if (status is not { Exited: true, Code: 0 })
        {
            throw new InvalidOperationException($"{program}: {status} (apt-get install restic borgbackup python3-numpy)\n{File.ReadAllText(log)}");
        }
    }

    private sealed record Result(TimeSpan All, TimeSpan First, long StoredBytes);
}
