using Checkpointer.Scheduler.Schedules;
using Checkpointer.Store;

namespace Checkpointer.Scheduler.Policies;

/// <summary>What a forecast supposes of a job.</summary>
/// <param name="From">When it comes under the policy.</param>
/// <param name="Cost">How long each of its dumps takes.</param>
/// <param name="MeanTimeBetweenFailures">As observed; null for not.</param>
/// <param name="GenerationBytes">What each generation adds to the store.</param>
internal sealed record ForecastJob(DateTimeOffset From, TimeSpan Cost, TimeSpan? MeanTimeBetweenFailures, long GenerationBytes);

/// <summary>What there is some time after a job came under a policy.</summary>
/// <param name="After">That time, as people write it.</param>
/// <param name="Taken">How many generations were taken.</param>
/// <param name="Kept">How many of them stay.</param>
/// <param name="Oldest">The oldest of those; null for none.</param>
/// <param name="Bytes">What they added to the store.</param>
internal sealed record ForecastPoint(string After, int Taken, int Kept, DateTimeOffset? Oldest, long Bytes);

/// <summary>Plays a policy through: when dumps would be due, and which generations would stay. Pure.</summary>
internal static class Forecast
{
    /// <summary>A year of a dump a minute; more takes too long to play.</summary>
    private const int DumpsMax = 530_000;

    /// <summary>Retention is played after so many dumps, not after each: the same stay, and it is quicker.</summary>
    private const int BatchMin = 256;

    /// <summary>When dumps would be started, without end where the schedule has none.</summary>
    public static IEnumerable<DateTimeOffset> Starts(ISchedule schedule, ForecastJob job)
    {
        DateTimeOffset now = job.From;
        DateTimeOffset? last = null;
        while (schedule.Next(new ScheduleMoment(now, last, last is null ? null : job.Cost, job.MeanTimeBetweenFailures, job.From)) is { } due)
        {
            last = due > now ? due : now;
            yield return last.Value;
            now = last.Value + job.Cost;
        }
    }

    /// <summary>Which generations there would be after a day, a week, a month and a year; fewer points where there would be too many dumps to play.</summary>
    public static IReadOnlyList<ForecastPoint> Points(ISchedule schedule, RetentionPolicy retention, TimeZoneInfo zone, ForecastJob job)
    {
        var points = new List<ForecastPoint>();
        using IEnumerator<DateTimeOffset> starts = Starts(schedule, job).GetEnumerator();
        var store = new PlayedStore(retention, zone, job.GenerationBytes);
        bool hasNext = starts.MoveNext();
        foreach ((string after, DateTimeOffset end) in Horizons(job.From))
        {
            while (hasNext && starts.Current < end && store.Taken < DumpsMax)
            {
                store.Add(starts.Current);
                hasNext = starts.MoveNext();
            }

            if (store.Taken >= DumpsMax)
            {
                break;
            }

            points.Add(store.Point(after));
        }

        return points;
    }

    private static (string After, DateTimeOffset End)[] Horizons(DateTimeOffset from)
        => [("1d", from.AddDays(1)), ("1w", from.AddDays(7)), ("1mo", from.AddMonths(1)), ("1y", from.AddYears(1))];

    private sealed class PlayedStore(RetentionPolicy retention, TimeZoneInfo zone, long bytes)
    {
        private List<GenerationRecord> _kept = [];
        private int _pruneAt = BatchMin;

        public int Taken { get; private set; }

        public void Add(DateTimeOffset start)
        {
            Taken++;
            _kept.Add(new GenerationRecord(
                new GenerationName("job", Taken), start, TimeSpan.Zero, bytes, new GenerationSummary("full", "", "", 0, 0, 0, 0, 0)));
            if (_kept.Count >= _pruneAt)
            {
                Prune();
            }
        }

        public ForecastPoint Point(string after)
        {
            Prune();
            return new ForecastPoint(after, Taken, _kept.Count, _kept.Count > 0 ? _kept[0].CreatedAt : null, _kept.Count * bytes);
        }

        private void Prune()
        {
            if (!retention.IsEmpty)
            {
                _kept = [.. Retention.Plan(retention, _kept, zone, isFinished: false).Where(verdict => verdict.IsKept).Select(verdict => verdict.Generation)];
            }

            _pruneAt = (_kept.Count * 2) + BatchMin;
        }
    }
}
