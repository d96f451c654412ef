using System.Buffers.Binary;
using System.Diagnostics;
using Checkpointer.Store;
using Microsoft.Extensions.Logging.Abstractions;

namespace Checkpointer.Benchmarks;

/// <summary>What many generations cost: a synthetic job of 1 GiB of which each generation changes 1 % of the pages, at random. Pages hold few bytes that are not zero, so that ten thousand generations
/// fit on a disk; index and maps are those of any job.</summary>
internal sealed class ManyBenchmark(Place place) : IBenchmark
{
    private const int PageBytes = 4096;
    private const int Pages = 1 << 18;
    private const int Dirty = Pages / 100;
    private const int Samples = 5;
    private static readonly GenerationSummary _summary = new("incremental", "write-protect", "copy", 0, 1, 1, 1L << 30, (long)Dirty * PageBytes);

    private readonly Random _random = new(1);
    private long _version;
    private TimeSpan _processor;

    /// <inheritdoc/>
    public void Run(TextWriter output)
    {
        int[] stops = place.IsQuick ? [10, 50] : [.. new[] { 10, 100, 300, 1000, 3000, 10_000 }.Where(stop => stop <= place.Generations)];
        output.WriteLine($"Medians of {Samples} commits before each stop, and of {Samples} runs of the others, `restore` and `mark` of one. `open` is from opening the store to the end of the first segment of the newest generation; `restore` reads all of it.\n");
        var table = new Table(output, "generations", "chunks", "store MiB", "index MiB", "commit ms", "list ms", "open ms", "restore s", "mark s", "mark processor s");
        var directory = place.NewStore();
        var name = Begin(directory);
        var commits = new Queue<TimeSpan>();
        var done = 1;
        foreach (var stop in stops)
        {
            using (var store = Open(directory))
            {
                for (; done < stop; done++)
                {
                    commits.Enqueue(Timed(() => name = Commit(store, name)));
                    if (commits.Count > Samples)
                    {
                        commits.Dequeue();
                    }
                }
            }

            Measure(table, directory, name, commits);
        }

        Forget(output, directory, name.Number);
    }

    private GenerationName Begin(string directory)
    {
        using var store = Open(directory);
        store.Register(new JobRecord("job", 1, 1, "boot", "synthetic", DateTimeOffset.UnixEpoch, true));
        using var writer = store.Begin("job", null);
        using (var content = writer.OpenContent("memory"))
        {
            content.Write(0, (long)Pages * PageBytes, (_, target) => Fill(target));
        }

        return writer.Commit(_summary).Name;
    }

    private GenerationName Commit(CheckpointStore store, GenerationName based)
    {
        var page = new byte[PageBytes];
        using var writer = store.Begin("job", based);
        using (var content = writer.OpenContent("memory"))
        {
            for (var i = 0; i < Dirty; i++)
            {
                Fill(page);
                content.Write((ulong)_random.Next(Pages) * PageBytes, page);
            }
        }

        return writer.Commit(_summary).Name;
    }

    private void Measure(Table table, string directory, GenerationName name, Queue<TimeSpan> commits)
    {
        var statistics = Use(directory, store => store.Statistics());
        table.Row(
            $"{name.Number}", $"{statistics.Chunks}", statistics.StoredBytes.MiB(), statistics.IndexBytes.MiB(), commits.Median().Ms(),
            Sampled(directory, store => store.Generations("job")).Ms(), Sampled(directory, store => ReadFirst(store, name)).Ms(),
            Sampled(directory, store => ReadAll(store, name), 1).Seconds(),
            Sampled(directory, Mark, 1).Seconds(), _processor.Seconds());
    }

    private CollectReport Mark(CheckpointStore store)
    {
        var begun = Environment.CpuUsage.TotalTime;
        var report = store.Collect(new CollectOptions(true, 0.5, TimeSpan.FromMinutes(1)), null, CancellationToken.None);
        _processor = Environment.CpuUsage.TotalTime - begun;
        return report;
    }

    // All but the last tenth go.
    private static void Forget(TextWriter output, string directory, long newest)
    {
        using var store = Open(directory);
        var forget = Timed(() => store.Forget([.. Enumerable.Range(1, (int)(newest * 9 / 10)).Select(number => new GenerationName("job", number))]));
        CollectReport? report = null;
        var collect = Timed(() => report = store.Collect(new CollectOptions(false, 0.5, TimeSpan.FromMinutes(1)), null, CancellationToken.None));
        output.WriteLine($"\nForgetting {newest * 9 / 10} of {newest} took {forget.Ms()} ms, the collection after it {collect.Seconds()} s: {report!.DroppedPacks + report.RepackedPacks} of {report.Packs} packs went, {report.FreedBytes.MiB()} MiB came back.");
    }

    private static TimeSpan Sampled<T>(string directory, Func<CheckpointStore, T> action, int samples = Samples)
        => Enumerable.Range(0, samples).Select(_ => Timed(() => Use(directory, action))).Median();

    private static T Use<T>(string directory, Func<CheckpointStore, T> action)
    {
        using var store = Open(directory);
        return action(store);
    }

    private static bool ReadFirst(CheckpointStore store, GenerationName name)
    {
        using var reader = store.OpenGeneration(name);
        try
        {
            reader.ReadContent("memory", (offset, _) => { if (offset >= 4 << 20) { throw new OperationCanceledException(); } });
        }
        catch (OperationCanceledException)
        {
            return true;
        }

        return false;
    }

    private static long ReadAll(CheckpointStore store, GenerationName name)
    {
        using var reader = store.OpenGeneration(name);
        long bytes = 0;
        reader.ReadContent("memory", (_, run) => bytes += run.Length);
        return bytes;
    }

    // A number at the begin of every page: no two pages are alike.
    private void Fill(Span<byte> target)
    {
        target.Clear();
        for (var at = 0; at < target.Length; at += PageBytes)
        {
            BinaryPrimitives.WriteInt64LittleEndian(target[at..], ++_version);
        }
    }

    private static CheckpointStore Open(string directory) => CheckpointStore.OpenOrCreate(directory, new StoreOptions(), NullLoggerFactory.Instance);

    private static TimeSpan Timed(Action action)
    {
        var begun = Stopwatch.GetTimestamp();
        action();
        return Stopwatch.GetElapsedTime(begun);
    }
}
