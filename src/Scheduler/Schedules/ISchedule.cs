namespace Checkpointer.Scheduler.Schedules;

/// <summary>When dumps of a job are due. Pure: it has no clock of its own, and the same moment gets the same answer.</summary>
internal interface ISchedule
{
    /// <summary>
    /// The next due time. One that has passed (<c>&lt;= Now</c>) was missed or has just come: the dump is started at once, once, however many were missed in between.
    /// Whether what was missed is made up for at all is decided here already (<see cref="MisfireRule"/>). A due time is kept until it has come or the schedule is
    /// another: dumps are never started before it.
    /// </summary>
    /// <returns>Null where no dump is ever due again.</returns>
    DateTimeOffset? Next(ScheduleMoment moment);

    /// <summary>The schedule as people write it, such as <c>every 15m</c>.</summary>
    string Describe();
}

/// <summary>What a schedule is told.</summary>
/// <param name="Now">The time.</param>
/// <param name="LastStart">When the last dump was started, whether it failed or not; null where there was none.</param>
/// <param name="DumpCost">How long dumps of the job take from begin to commit, as measured lately; null where that is not known.</param>
/// <param name="MeanTimeBetweenFailures">As observed; null where that is not known.</param>
/// <param name="Since">From when on the job has been under this schedule (its registration): what was due since then and has no dump was missed. Null for <paramref name="Now"/>.</param>
internal sealed record ScheduleMoment(
    DateTimeOffset Now, DateTimeOffset? LastStart, TimeSpan? DumpCost = null, TimeSpan? MeanTimeBetweenFailures = null, DateTimeOffset? Since = null);
