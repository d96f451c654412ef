using Checkpointer.Engine;

namespace Checkpointer.Benchmarks;

/// <summary>How fast a full generation is durable on disk: memory of which every page compresses to about half.</summary>
internal sealed class ThroughputBenchmark(Place place) : IBenchmark
{
    private const int Threads = 4;
    private const int Samples = 5;

    /// <inheritdoc/>
    public void Run(TextWriter output)
    {
        output.WriteLine("Medians of full generations into empty stores; GB of the job's memory per second, from begin to commit. One generation before them is not counted.\n");
        var table = new Table(output, "job", "memory MiB", "stored MiB", "duration s", "GB/s", "processor s", "freeze ms", "kind, tracker, capture");
        foreach (var size in place.Sizes)
        {
            using var job = new Job(place, "dirty_rate", size, Threads, 0, 1000, "scattered", "half");
            Measure(table, job, Numbers.Size(size), isEncrypted: false);
            Measure(table, job, $"{Numbers.Size(size)}, encrypted", isEncrypted: true);
        }
    }

    private void Measure(Table table, Job job, string what, bool isEncrypted)
    {
        _ = TakeFirst(job, isEncrypted); // compiles our code, as a service has done long ago
        var costs = Enumerable.Range(0, place.IsQuick ? 1 : Samples).Select(_ => TakeFirst(job, isEncrypted)).ToList();
        var populated = costs.Select(cost => cost.Populated).Median();
        var duration = costs.Select(cost => cost.Duration).Median();
        table.Row(
            what,
            populated.MiB(),
            costs.Select(cost => cost.Grown).Median().MiB(),
            duration.Seconds(),
            $"{Numbers.GBPerSecond(populated, duration):F2}",
            costs.Select(cost => cost.Processor).Median().Seconds(),
            costs.Select(cost => cost.Freeze).Median().Ms(),
            costs[^1].Kind);
    }

    private Cost TakeFirst(Job job, bool isEncrypted)
    {
        using var recorder = new Recorder(place, job, new EngineOptions(), isEncrypted);
        return recorder.Take();
    }
}
