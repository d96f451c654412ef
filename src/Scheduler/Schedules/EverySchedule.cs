using Checkpointer.Scheduler.Policies;

namespace Checkpointer.Scheduler.Schedules;

/// <summary>
/// Due at the points of a grid in UTC that are <paramref name="interval"/> apart and begin at <paramref name="phase"/>: late dumps do not shift those after them. The first
/// dump of a job is due at once.
/// </summary>
internal sealed class EverySchedule(TimeSpan interval, TimeSpan phase, MisfireRule misfire) : ISchedule
{
    /// <summary>A point of the grid closer than this part of an interval to the last dump is passed over: one was taken by hand, or just before the point.</summary>
    private const int CloseFraction = 4;

    private readonly TimeSpan _grace = interval / 2 < Misfire.Grace ? interval / 2 : Misfire.Grace;

    /// <inheritdoc/>
    public DateTimeOffset? Next(ScheduleMoment moment)
    {
        // A last dump in the future: the clock was put back. When it was by the clock of now nobody knows.
        if (moment.LastStart is not { } last || last - moment.Now > interval)
        {
            return moment.Now;
        }

        DateTimeOffset due = GridAfter(last + (interval / CloseFraction));
        return misfire == MisfireRule.Skip && due < moment.Now - _grace ? GridAfter(moment.Now - _grace) : due;
    }

    /// <inheritdoc/>
    public string Describe() => $"every {DurationText.Format(interval)}";

    private DateTimeOffset GridAfter(DateTimeOffset time)
    {
        long sincePhase = time.UtcTicks - phase.Ticks;
        long points = sincePhase < 0 ? 0 : (sincePhase / interval.Ticks) + 1;
        return new DateTimeOffset((points * interval.Ticks) + phase.Ticks, TimeSpan.Zero);
    }
}
