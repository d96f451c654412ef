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
        output.WriteLine($"{Generations} generations, {bytes / Generations >> 20} MiB each, from the page cache, one after the other, each with all its pages; durable on disk. Defaults of each tool.\n");
        var table = new Table(output, "tool", "all s", "GB/s", "first s", "stored MiB", "ratio");
        Row(table, "checkpointer", bytes, Store(files));
        Row(table, "restic", bytes, Restic(files));
        Row(table, "borg", bytes, Borg(files));
        Row(table, "checkpointer, again", bytes, Store(files));
        Row(table, "checkpointer, encrypted", bytes, Store(files, isEncrypted: true));
    }

    private static void Row(Table table, string tool, long bytes, (List<TimeSpan> Durations, string Directory) run)
    {
        var all = TimeSpan.FromTicks(run.Durations.Sum(duration => duration.Ticks));
        var stored = Directory.EnumerateFiles(run.Directory, "*", SearchOption.AllDirectories).Sum(file => new FileInfo(file).Length);
        table.Row(tool, all.Seconds(), $"{Numbers.GBPerSecond(bytes, all):F3}", run.Durations[0].Seconds(), stored.MiB(), $"{(double)bytes / stored:F2}");
        Directory.Delete(run.Directory, recursive: true);
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
}
