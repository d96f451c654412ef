using Checkpointer.Scheduler.Policies;

namespace Checkpointer.Scheduler.Schedules;

/// <summary>What an <see cref="AdaptiveSchedule"/> goes by.</summary>
/// <param name="IsAuto">Whether the interval is that of <see cref="Daly"/>.</param>
/// <param name="OverheadMax">Most part of the time that dumps may take, such as 0.01; null for any.</param>
/// <param name="MeanTimeBetweenFailures">As given, which wins over what was observed; null where not given.</param>
/// <param name="Shortest">Least interval.</param>
/// <param name="Longest">Most.</param>
internal sealed record AdaptiveLimits(bool IsAuto, double? OverheadMax, TimeSpan? MeanTimeBetweenFailures, TimeSpan Shortest, TimeSpan Longest);

/// <summary>Due an interval after the last dump that follows from what dumps cost. The first dump of a job, from which that is learnt, is due at once.</summary>
internal sealed class AdaptiveSchedule(AdaptiveLimits limits) : ISchedule
{
    /// <summary>Where nothing was given and too few failures were seen: a host that fails once a day is a bad one, so this errs on the side of more dumps.</summary>
    public static TimeSpan UsualTimeBetweenFailures { get; } = TimeSpan.FromDays(1);

    /// <inheritdoc/>
    public DateTimeOffset? Next(ScheduleMoment moment)
    {
        TimeSpan interval = Interval(moment.DumpCost, moment.MeanTimeBetweenFailures);

        // A last dump in the future: the clock was put back. When it was by the clock of now nobody knows.
        return moment.LastStart is not { } last || last - moment.Now > interval ? moment.Now : last + interval;
    }

    /// <summary>From the start of a dump to the start of the next.</summary>
    /// <param name="cost">How long a dump takes; null for not known: it is tried again soon.</param>
    /// <param name="observed">Observed mean time between failures, or null.</param>
    public TimeSpan Interval(TimeSpan? cost, TimeSpan? observed)
    {
        if (cost is not { } known)
        {
            return limits.Shortest;
        }

        // Overheads under 1/10^9 of dumps that take days would not fit into a time span.
        TimeSpan byOverhead = limits.OverheadMax is { } share ? TimeSpan.FromSeconds(Math.Min(known.TotalSeconds / share, limits.Longest.TotalSeconds)) : TimeSpan.Zero;
        TimeSpan byFailures = limits.IsAuto ? known + Daly.Interval(known, limits.MeanTimeBetweenFailures ?? observed ?? UsualTimeBetweenFailures) : TimeSpan.Zero;
        TimeSpan interval = byOverhead > byFailures ? byOverhead : byFailures;
        return TimeSpan.FromTicks(Math.Clamp(interval.Ticks, limits.Shortest.Ticks, limits.Longest.Ticks));
    }

    /// <inheritdoc/>
    public string Describe()
    {
        string overhead = limits.OverheadMax is { } share ? $"max-overhead {ShareText.Format(share)}" : "";
        return !limits.IsAuto ? overhead : overhead.Length == 0 ? "auto" : $"auto, {overhead}";
    }
}
