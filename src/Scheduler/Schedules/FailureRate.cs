namespace Checkpointer.Scheduler.Schedules;

/// <summary>How often a job fails, as observed.</summary>
internal static class FailureRate
{
    /// <summary>
    /// Mean time between failures. What is supposed where nothing is known counts as one failure in that time, so that the first crash, a minute after the start, does not mean one
    /// every minute, and a month without any means something.
    /// </summary>
    /// <param name="failures">How many were seen.</param>
    /// <param name="observed">In which time.</param>
    public static TimeSpan MeanTimeBetween(int failures, TimeSpan observed)
        => ((observed > TimeSpan.Zero ? observed : TimeSpan.Zero) + AdaptiveSchedule.UsualTimeBetweenFailures) / (failures + 1);
}
