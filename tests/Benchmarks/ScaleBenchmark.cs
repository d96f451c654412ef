using Checkpointer.Engine;

namespace Checkpointer.Benchmarks;

/// <summary>How long jobs of many processes, threads, mappings or descriptors stand still, and how long they take to come back. Each judges itself afterwards.</summary>
internal sealed class ScaleBenchmark(Place place) : IBenchmark
{
    private const int Samples = 3;

    // Processes, threads of each, and of the root: mappings, descriptors, threads.
    private static readonly (string Name, object[] Arguments)[] _jobs =
    [
        ("one process", [1, 1, 10, 10, 1]),
        ("200 processes of 4 threads", [200, 4, 10, 10, 4]),
        ("20480 mappings", [1, 1, 20480, 10, 1]),
        ("1000 descriptors", [1, 1, 10, 1000, 1]),
        ("512 threads", [1, 1, 10, 10, 512]),
        ("all of them", [200, 4, 20480, 1000, 512]),
    ];

    /// <inheritdoc/>
    public void Run(TextWriter output)
    {
        var table = new Table(output, "job", "first freeze ms", "freeze ms", "duration s", "restore s");
        foreach (var (name, arguments) in _jobs)
        {
            using var job = new Job(place, "scale", arguments);
            using var recorder = new Recorder(place, job, new EngineOptions());
            var first = recorder.Take();
            var costs = Enumerable.Range(0, Samples).Select(_ => recorder.Take()).ToList();
            var restore = recorder.KillAndRestore();
            job.Finish();
            table.Row(
                name, first.Freeze.Ms(), costs.Select(cost => cost.Freeze).Median().Ms(), costs.Select(cost => cost.Duration).Median().Seconds(), restore.Seconds());
        }
    }
}
