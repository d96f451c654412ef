using System.Diagnostics;
using Checkpointer.Engine;
using Checkpointer.EndToEnd.Tests.Support;

namespace Checkpointer.Benchmarks;

/// <summary>
/// What a generation every 10 s costs a job that is bound by memory: a triad on all processors, in windows with and without generations
/// that follow each other, so that what else happens on the machine meets both.
/// </summary>
internal sealed class SlowdownBenchmark(Place place) : IBenchmark
{
    private const int WarmUpGenerations = 10;

    private readonly TimeSpan _interval = TimeSpan.FromSeconds(place.IsQuick ? 2 : 10);
    private readonly TimeSpan _window = TimeSpan.FromSeconds(place.IsQuick ? 4 : 30);
    private readonly int _pairs = place.IsQuick ? 1 : 3;
    private readonly int _mebibytes = place.IsQuick ? 192 : 768;

    /// <inheritdoc/>
    public void Run(TextWriter output)
    {
        output.WriteLine(
            $"Triad of {Environment.ProcessorCount} threads and {_mebibytes} MiB, a third of which it rewrites all the time; a generation every {_interval.TotalSeconds:F0} s "
            + $"in {_pairs} windows of {_window.TotalSeconds:F0} s, none in as many between them, after {WarmUpGenerations} that compile our code. `processor` is what we used, of one processor.\n");
        var table = new Table(
            output, "huge pages", "GB/s without", "GB/s with", "slower %", "generations", "freeze ms", "duration s", "processor s each", "processor %", "kind, tracker, capture");
        RunJob(table, "small", "no");
        RunJob(table, "huge", "by madvise");
    }

    private void RunJob(Table table, string pages, string name)
    {
        using var job = new Job(place, "triad", _mebibytes, Environment.ProcessorCount, 0, pages);
        WarmUp(job);
        var costs = new List<Cost>();
        var with = new List<(long From, long To)>();
        var without = new List<(long From, long To)>();
        for (var pair = 0; pair < _pairs; pair++)
        {
            without.Add(Window(() => { }));
            using var recorder = new Recorder(place, job, new EngineOptions());
            recorder.Take(); // a first generation comes once in a job's life, and is no part of the window
            with.Add(Window(() => costs.Add(recorder.Take())));
        }

        var rates = job.Records("rate");
        double slow = with.Average(window => Rate(rates, window)), fast = without.Average(window => Rate(rates, window));
        var processor = costs.Select(cost => cost.Processor).Median();
        table.Row(
            name,
            $"{fast:F2}",
            $"{slow:F2}",
            $"{100 * (1 - (slow / fast)):F1}",
            $"{costs.Count}",
            costs.Select(cost => cost.Freeze).Median().Ms(),
            costs.Select(cost => cost.Duration).Median().Seconds(),
            processor.Seconds(),
            $"{100 * processor / _interval:F1}",
            costs[^1].Kind);
    }

    /// <summary>The service runs for weeks: its code was compiled long ago.</summary>
    private void WarmUp(Job job)
    {
        using var recorder = new Recorder(place, job, new EngineOptions());
        for (var taken = 0; taken < WarmUpGenerations; taken++)
        {
            recorder.Take();
        }
    }

    /// <summary>Does something every interval of a window. Returns when it began and ended.</summary>
    private (long From, long To) Window(Action everyInterval)
    {
        var from = Stopwatch.GetTimestamp();
        var done = 0;
        while (Stopwatch.GetElapsedTime(from) < _window)
        {
            if (Stopwatch.GetElapsedTime(from) >= _interval * done)
            {
                done++;
                everyInterval();
            }

            var next = done;
            Wait.Until(
                () => Stopwatch.GetElapsedTime(from) >= _window || Stopwatch.GetElapsedTime(from) >= _interval * next,
                _window * 2,
                () => "time stands still");
        }

        return (from, Stopwatch.GetTimestamp());
    }

    /// <summary>GB/s from the first to the last record within a window.</summary>
    private static double Rate(IReadOnlyList<(ulong Time, ulong Bytes)> records, (long From, long To) window)
    {
        var inside = records.Where(record => record.Time >= (ulong)window.From && record.Time <= (ulong)window.To).ToList();
        return (inside[^1].Bytes - inside[0].Bytes) / (double)(inside[^1].Time - inside[0].Time);
    }
}
