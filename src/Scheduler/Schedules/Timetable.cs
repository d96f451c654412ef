namespace Checkpointer.Scheduler.Schedules;

/// <summary>
/// What a wall clock pattern means in a time zone. Where clocks go forward, all that the pattern names in the hour that does not exist comes once, at its end; where they
/// go back, what it names in the hour that comes twice comes twice. So no dump is lost on either day.
/// </summary>
internal sealed class Timetable(IWallClockPattern pattern, TimeZoneInfo zone)
{
    /// <summary>No zone changes its offset twice within this.</summary>
    private static readonly TimeSpan _stride = TimeSpan.FromHours(12);

    /// <summary>The first time after another; null where there is none any more.</summary>
    public DateTimeOffset? After(DateTimeOffset time)
    {
        DateTime utc = time.UtcDateTime;
        TimeSpan offset = zone.GetUtcOffset(utc);
        DateTime wall = Wall(utc, offset).AddTicks(1);
        while (pattern.AtOrAfter(wall) is { } match)
        {
            DateTime candidate = DateTime.SpecifyKind(match - offset, DateTimeKind.Utc);
            if (FirstChange(utc, candidate, offset) is not { } change)
            {
                return new DateTimeOffset(candidate);
            }

            // From here on the wall clock shows another time: in a gap nothing that lies in it comes again, else the clock has gone back.
            offset = zone.GetUtcOffset(change);
            wall = Wall(change, offset);
            if (match < wall)
            {
                return new DateTimeOffset(change);
            }

            utc = change;
        }

        return null;
    }

    private static DateTime Wall(DateTime utc, TimeSpan offset) => DateTime.SpecifyKind(utc + offset, DateTimeKind.Unspecified);

    // The first moment after one and up to another at which the offset is a different one.
    private DateTime? FirstChange(DateTime after, DateTime until, TimeSpan offset)
    {
        DateTime same = after;
        while (same < until)
        {
            DateTime probe = until - same < _stride ? until : same + _stride;
            if (zone.GetUtcOffset(probe) != offset)
            {
                return Bisect(same, probe, offset);
            }

            same = probe;
        }

        return null;
    }

    private DateTime Bisect(DateTime same, DateTime different, TimeSpan offset)
    {
        while (different.Ticks - same.Ticks > 1)
        {
            DateTime middle = same.AddTicks((different.Ticks - same.Ticks) / 2);
            if (zone.GetUtcOffset(middle) == offset)
            {
                same = middle;
            }
            else
            {
                different = middle;
            }
        }

        return different;
    }
}
