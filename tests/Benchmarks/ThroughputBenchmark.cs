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
            _ = TakeFirst(job); // compiles our code, as a service has done long ago
            var costs = Enumerable.Range(0, place.IsQuick ? 1 : Samples).Select(_ => TakeFirst(job)).ToList();
            var populated = costs.Select(cost => cost.Populated).Median();
            var duration = costs.Select(cost => cost.Duration).Median();
            table.Row(
                Numbers.Size(size),
                populated.MiB(),
                costs.Select(cost => cost.Grown).Median().MiB(),
                duration.Seconds(),
                $"{Numbers.GBPerSecond(populated, duration):F2}",
                costs.Select(cost => cost.Processor).Median().Seconds(),
                costs.Select(cost => cost.Freeze).Median().Ms(),
                costs[^1].Kind);
        }
    }

    private Cost TakeFirst(Job job)
    {
        using var recorder = new Recorder(place, job, new EngineOptions());
        return recorder.Take();
    }
}
