using Checkpointer.Engine;

namespace Checkpointer.Benchmarks;

/// <summary>How long an increment takes, for so many dirty bytes in jobs of different sizes: along a row it should be the same.</summary>
internal sealed class CurveBenchmark(Place place) : IBenchmark
{
    private const int Threads = 4;
    private const int Samples = 3;
    private static readonly int[] _dirtyMiB = [0, 1, 8, 64, 256];

    /// <inheritdoc/>
    public void Run(TextWriter output)
    {
        output.WriteLine("Milliseconds from begin to commit, medians; scattered pages of random bytes.\n");
        var columns = place.Sizes.Select(RunJob).ToList();
        var table = new Table(output, ["dirtied MiB", .. place.Sizes.Select(Numbers.Size)]);
        for (var row = 0; row < _dirtyMiB.Length; row++)
        {
            table.Row([$"{_dirtyMiB[row]}", .. columns.Select(column => column[row].Ms())]);
        }
    }

    private List<TimeSpan> RunJob(int size)
    {
        using var job = new Job(place, "dirty_rate", size, Threads, 0, 0, "scattered", "random");
        using var recorder = new Recorder(place, job, new EngineOptions());
        recorder.Take();
        return [.. _dirtyMiB.Select(dirty => Median(job, recorder, 100.0 * dirty / size))];
    }

    private static TimeSpan Median(Job job, Recorder recorder, double percent)
    {
        var durations = new List<TimeSpan>();
        for (var sample = 0; sample < Samples; sample++)
        {
            job.WriteOnce(percent);
            durations.Add(recorder.Take().Duration);
        }

        return durations.Median();
    }
}
