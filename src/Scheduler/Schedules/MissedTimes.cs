namespace Checkpointer.Scheduler.Schedules;

/// <summary>Counts due times that had no dump of their own.</summary>
internal static class MissedTimes
{
    /// <summary>Enough for an alert; a schedule of seconds over a year of downtime would be counted for long.</summary>
    private const int Max = 1000;

    /// <summary>How many due times came after one, up to a time: the dump for that one stands for all of them.</summary>
    /// <param name="schedule">The schedule.</param>
    /// <param name="due">The due time whose dump is started only now.</param>
    /// <param name="moment">What the schedule is told.</param>
    public static int After(ISchedule schedule, DateTimeOffset due, ScheduleMoment moment)
    {
        int missed = 0;
        for (DateTimeOffset at = due; missed < Max; missed++)
        {
            // As if each had had its dump at once.
            DateTimeOffset? next = schedule.Next(moment with { Now = at, LastStart = at });
            if (next is not { } following || following > moment.Now || following <= at)
            {
                break;
            }

            at = following;
        }

        return missed;
    }
}
