using Checkpointer.Engine;

namespace Checkpointer.Benchmarks;

/// <summary>What a file costs that a job appends to: the generation its tail, the freeze nothing, whatever the file's size.</summary>
internal sealed class FilesBenchmark(Place place) : IBenchmark
{
    private const int Samples = 5;
    private const long AppendedBytes = 1 << 20;

    /// <inheritdoc/>
    public void Run(TextWriter output)
    {
        output.WriteLine("Medians of five generations after the first, each with 1 MiB appended since the one before it; `busy` appends 1 MiB/s all the time besides, also during the dump.\n");
        var table = new Table(output, "file", "writer", "first duration s", "first freeze ms", "freeze ms", "duration s", "grown MiB");
        foreach (var size in place.IsQuick ? [64] : new[] { 64, 512, 2048 })
        {
            RunJob(table, size, isBusy: false);
            RunJob(table, size, isBusy: true);
        }
    }

    private void RunJob(Table table, int size, bool isBusy)
    {
        using var job = new Job(place, "file_append", size, isBusy ? 1 : 0);
        using var recorder = new Recorder(place, job, new EngineOptions());
        var first = recorder.Take();
        var costs = new List<Cost>();
        for (var sample = 0; sample < Samples; sample++)
        {
            job.AppendOnce(AppendedBytes);
            costs.Add(recorder.Take());
        }

        table.Row(
            Numbers.Size(size),
            isBusy ? "busy" : "quiet",
            $"{first.Duration.TotalSeconds:F2}",
            first.Freeze.Ms(),
            costs.Select(cost => cost.Freeze).Median().Ms(),
            $"{costs.Select(cost => cost.Duration).Median().TotalSeconds:F2}",
            $"{costs.Select(cost => cost.Grown).Median() / (double)(1 << 20):F3}");
    }
}
