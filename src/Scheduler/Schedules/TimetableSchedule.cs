namespace Checkpointer.Scheduler.Schedules;

/// <summary>Due at the times of a timetable, each of them later by the place of the job among others with the same one.</summary>
/// <param name="timetable">The times.</param>
/// <param name="delay">The place.</param>
/// <param name="misfire">What becomes of missed ones.</param>
/// <param name="description">As people write it.</param>
internal sealed class TimetableSchedule(Timetable timetable, TimeSpan delay, MisfireRule misfire, string description) : ISchedule
{
    /// <inheritdoc/>
    public DateTimeOffset? Next(ScheduleMoment moment)
    {
        DateTimeOffset from = moment.LastStart ?? moment.Since ?? moment.Now;
        if (from > moment.Now + Misfire.Grace)
        {
            // The clock was put back. Due times from just now on count, so that one that has come is still due when it is asked for again.
            from = moment.Now - Misfire.Grace;
        }

        DateTimeOffset? due = After(from);
        return misfire == MisfireRule.Skip && due < moment.Now - Misfire.Grace ? After(moment.Now - Misfire.Grace) : due;
    }

    /// <inheritdoc/>
    public string Describe() => description;

    private DateTimeOffset? After(DateTimeOffset time) => timetable.After(time - delay) + delay;
}
