using Checkpointer.Engine;

namespace Checkpointer.Benchmarks;

/// <summary>How much the files of a store grow by a generation, against what was dirtied: pages of random bytes, which no codec makes smaller.</summary>
internal sealed class GrowthBenchmark(Place place) : IBenchmark
{
    private const long PageBytes = 4096;
    private const int Threads = 4;
    private const int Samples = 3;

    /// <inheritdoc/>
    public void Run(TextWriter output)
    {
        output.WriteLine("`over` is what the store grew by beyond 1.15 times the dirtied bytes, for each GiB of the job; below 64 KiB is wanted.\n");
        var table = new Table(output, "job", "pattern", "dirtied %", "dirtied MiB", "handed over MiB", "grown MiB", "grown / dirtied", "over KiB / GiB");
        foreach (var size in place.Sizes.Where(size => place.IsQuick || size is 1024 or 4096))
        {
            foreach (var pattern in new[] { "scattered", "contiguous" })
            {
                RunJob(table, size, pattern);
            }
        }
    }

    private void RunJob(Table table, int size, string pattern)
    {
        using var job = new Job(place, "dirty_rate", size, Threads, 0, 0, pattern, "random");
        using var recorder = new Recorder(place, job, new EngineOptions());
        recorder.Take();
        foreach (var percent in new[] { 0, 0.1, 1, 10 })
        {
            var costs = new List<(long Dirtied, Cost Cost)>();
            recorder.Take(); // what the job did to itself meanwhile
            for (var sample = 0; sample < Samples; sample++)
            {
                var before = job.PagesWritten;
                job.WriteOnce(percent);
                costs.Add(((long)(job.PagesWritten - before) * PageBytes, recorder.Take()));
            }

            Write(table, size, pattern, percent, costs);
        }
    }

    private static void Write(Table table, int size, string pattern, double percent, List<(long Dirtied, Cost Cost)> costs)
    {
        var dirtied = costs.Select(cost => cost.Dirtied).Median();
        var grown = costs.Select(cost => cost.Cost.Grown).Median();
        var over = (grown - (1.15 * dirtied)) / 1024 / (size / 1024.0);
        table.Row(
            Numbers.Size(size),
            pattern,
            percent == 0 ? "idle" : $"{percent}",
            dirtied.MiB(),
            costs.Select(cost => cost.Cost.Dirty).Median().MiB(),
            $"{grown / (double)(1 << 20):F3}",
            dirtied == 0 ? "-" : $"{grown / (double)dirtied:F3}",
            $"{over:F1}");
    }
}
