namespace Checkpointer.Scheduler.Schedules;

/// <summary>
/// The interval between dumps with which a job loses the least time, to dumps and to work that a failure throws away together: J. T. Daly, "A higher order estimate of the
/// optimum checkpoint interval for restart dumps", Future Generation Computer Systems 22 (2006), equation 37.
/// </summary>
internal static class Daly
{
    /// <summary>From the end of a dump to the start of the next.</summary>
    /// <param name="cost">How long a dump takes.</param>
    /// <param name="meanTimeBetweenFailures">Of the host and the job together.</param>
    public static TimeSpan Interval(TimeSpan cost, TimeSpan meanTimeBetweenFailures)
    {
        double ratio = cost / (2 * meanTimeBetweenFailures);
        if (ratio >= 1)
        {
            return meanTimeBetweenFailures;
        }

        double first = Math.Sqrt(2 * cost.TotalSeconds * meanTimeBetweenFailures.TotalSeconds);
        double correction = 1 + (Math.Sqrt(ratio) / 3) + (ratio / 9);
        return TimeSpan.FromSeconds((first * correction) - cost.TotalSeconds);
    }
}
