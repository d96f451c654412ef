using Checkpointer.Engine;

namespace Checkpointer.Benchmarks;

/// <summary>
/// How long a job stands still: jobs of four threads that dirty a part of their memory between two generations, and go on doing so during the
/// dump. Beside each number stands that of stop-and-copy, of the same job in the same run.
/// </summary>
/// <param name="place">Where.</param>
/// <param name="shortestPeriod">The time between two generations, or longer.</param>
/// <param name="percents">Shares of the memory that are dirtied in it.</param>
internal sealed class FreezeBenchmark(Place place, TimeSpan shortestPeriod, params double[] percents) : IBenchmark
{
    private const int Threads = 4;

    /// <summary>A period is long enough for a generation of what is dirtied in it, at this rate of the store.</summary>
    private const double StoreMiBPerSecond = 400;

    /// <inheritdoc/>
    public void Run(TextWriter output)
    {
        output.WriteLine("Medians. `gap` is the longest time for which the job saw itself stand still during the dump, waiting for a processor included; `clone` the part of the freeze that is the kernel's clone(2).\n");
        var table = new Table(
            output, "job", "pattern", "dirty %", "freeze ms", "clone ms", "gap ms", "stop-and-copy ms", "gap ms", "ratio", "dirty MiB", "duration s", "kind, tracker, capture");
        foreach (var size in place.Sizes)
        {
            foreach (var pattern in new[] { "scattered", "contiguous" })
            {
                RunJob(table, size, pattern);
            }
        }
    }

    private void RunJob(Table table, int size, string pattern)
    {
        using var job = new Job(place, "dirty_rate", size, Threads, 0, 1000, pattern, "word");
        var firsts = Firsts(job, size);
        var copies = new List<Cost>();
        var costs = new List<(double Percent, List<Cost> Costs)>();
        foreach (var percent in percents.Where(percent => !place.IsQuick || percent is 1 or 100))
        {
            costs.Add((percent, Increments(job, size, percent)));
        }

        // Last, because it would split huge pages and fill caches for the others; at the lowest rate, which it does not care for.
        using var copier = new Recorder(place, job, Recorder.StopAndCopy);
        job.SetPace(1, Period(size, 1));
        for (var sample = 0; sample < (size > 1024 ? 2 : 3); sample++)
        {
            copies.Add(copier.Take());
        }

        Write(table, size, pattern, "first", firsts, copies);
        foreach (var (percent, increments) in costs)
        {
            Write(table, size, pattern, $"{percent}", increments, copies);
        }
    }

    /// <summary>First generations of a job that writes 1 % of its memory in the time of one.</summary>
    private List<Cost> Firsts(Job job, int size)
    {
        using var recorder = new Recorder(place, job, new EngineOptions());
        job.SetPace(1, Period(size, 1));
        var firsts = new List<Cost>();
        for (var sample = 0; sample < (place.IsQuick || size > 1024 ? 1 : 3); sample++)
        {
            if (sample > 0)
            {
                recorder.Restart();
            }

            firsts.Add(recorder.Take());
        }

        return firsts;
    }

    /// <summary>Increments at one rate, in a store of their own: nothing is pruned, and those of large jobs would fill the disk together.</summary>
    private List<Cost> Increments(Job job, int size, double percent)
    {
        using var recorder = new Recorder(place, job, new EngineOptions());
        recorder.Take();
        job.SetPace(percent, Period(size, percent));
        var pages = (ulong)(size * 256 * percent / 100);
        var costs = new List<Cost>();
        var samples = place.IsQuick ? 2 : percent < 100 ? 5 : 3;
        recorder.Take(); // what the pace before left
        for (var sample = 0; sample < samples; sample++)
        {
            job.WaitForPages(job.PagesWritten + pages);
            costs.Add(recorder.Take());
        }

        return costs;
    }

    private TimeSpan Period(int size, double percent)
    {
        var store = TimeSpan.FromSeconds(size * percent / 100 / StoreMiBPerSecond);
        return store > shortestPeriod ? store : shortestPeriod;
    }

    private static void Write(Table table, int size, string pattern, string percent, List<Cost> costs, List<Cost> copies)
    {
        var freeze = costs.Select(cost => cost.Freeze).Median();
        var copied = copies.Select(cost => cost.Freeze).Median();
        table.Row(
            Numbers.Size(size),
            pattern,
            percent,
            freeze.Ms(),
            costs.Select(cost => cost.Cloning).Median() is { Ticks: > 0 } clone ? clone.Ms() : "-",
            costs.Select(cost => cost.Gap).Median().Ms(),
            copied.Ms(),
            copies.Select(cost => cost.Gap).Median().Ms(),
            $"{copied / freeze:F1}",
            costs.Select(cost => cost.Dirty).Median().MiB(),
            costs.Select(cost => cost.Duration).Median().Seconds(),
            costs[^1].Kind);
    }
}
