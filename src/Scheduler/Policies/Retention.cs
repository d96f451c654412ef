using System.Globalization;
using Checkpointer.Store;

namespace Checkpointer.Scheduler.Policies;

/// <summary>What becomes of a generation, and why.</summary>
/// <param name="Generation">The generation.</param>
/// <param name="IsKept">Whether it stays.</param>
/// <param name="Reasons">Every reason for which it stays, or the one for which it goes.</param>
internal sealed record RetentionVerdict(GenerationRecord Generation, bool IsKept, IReadOnlyList<string> Reasons);

/// <summary>
/// Decides which generations of a job stay. Reads as restic's <c>forget</c> does: a generation stays if any rule keeps it; stretches without a generation do not count;
/// where there are fewer stretches than a rule would keep, the oldest generation stays, too; spans count from the newest generation, not from now.
/// </summary>
internal static class Retention
{
    private const string Pinned = "pinned";
    private const string NewestGood = "newest good one of a job that is not finished";

    /// <summary>Decides. Pure: no clock, no store.</summary>
    /// <param name="policy">What shall stay.</param>
    /// <param name="generations">All generations of one job, in any order.</param>
    /// <param name="zone">Whose calendar and clock cut time into stretches.</param>
    /// <param name="isFinished">Whether the job needs none of them any more.</param>
    /// <returns>One verdict for each, the oldest first.</returns>
    public static IReadOnlyList<RetentionVerdict> Plan(
        RetentionPolicy policy, IEnumerable<GenerationRecord> generations, TimeZoneInfo zone, bool isFinished)
    {
        // Clocks may go back: between equal times, the number tells which is newer.
        GenerationRecord[] newestFirst = [.. generations.OrderByDescending(record => record.CreatedAt).ThenByDescending(record => record.Name.Number)];
        List<string>[] reasons = [.. newestFirst.Select(_ => new List<string>())];
        if (policy.Rules.Count == 0)
        {
            Array.ForEach(reasons, list => list.Add(policy.BytesMax is null ? "no rule was given" : "within the budget of bytes"));
        }

        foreach (RetentionRule rule in policy.Rules)
        {
            Apply(rule, newestFirst, zone, reasons);
        }

        bool[] isProtected = Protect(newestFirst, isFinished, reasons);
        bool[] isOver = policy.BytesMax is { } budget ? Overspent(newestFirst, reasons, isProtected, budget) : new bool[newestFirst.Length];
        return [.. newestFirst.Select((record, at) => Verdict(record, reasons[at], isOver[at])).Reverse()];
    }

    /// <summary>Why nothing may remove a generation, or null where something may.</summary>
    public static string? WhyNever(GenerationRecord generation, IEnumerable<GenerationRecord> generations, bool isFinished)
    {
        GenerationName? newest = isFinished ? null : NewestGoodOf(generations)?.Name;
        return WhyNever(generation, newest);
    }

    private static string? WhyNever(GenerationRecord generation, GenerationName? newestGood)
        => generation.IsPinned ? Pinned : generation.Name == newestGood ? NewestGood : null;

    private static GenerationRecord? NewestGoodOf(IEnumerable<GenerationRecord> generations)
        => generations.Where(record => !record.IsDamaged).MaxBy(record => (record.CreatedAt, record.Name.Number));

    private static RetentionVerdict Verdict(GenerationRecord record, List<string> reasons, bool isOver)
        => isOver ? new RetentionVerdict(record, false, ["over the budget of bytes"])
            : reasons.Count == 0 ? new RetentionVerdict(record, false, ["no rule keeps it"])
            : new RetentionVerdict(record, true, reasons);

    private static void Apply(RetentionRule rule, GenerationRecord[] newestFirst, TimeZoneInfo zone, List<string>[] reasons)
    {
        long? previous = null;
        int left = rule.Count ?? int.MaxValue;
        DateTimeOffset? limit = newestFirst.Length > 0 ? rule.Within?.Before(newestFirst[0].CreatedAt, zone) : null;
        for (int at = 0; at < newestFirst.Length && left > 0; at++)
        {
            if (limit is { } edge && newestFirst[at].CreatedAt <= edge)
            {
                return;
            }

            long stretch = rule.Period == RetentionPeriod.Last ? at : StretchOf(rule.Period, newestFirst[at].CreatedAt, zone);
            bool isOldest = at == newestFirst.Length - 1;
            if (stretch != previous || isOldest)
            {
                reasons[at].Add(stretch == previous ? $"oldest, {rule.Reason}" : rule.Reason);
                previous = stretch;
                left--;
            }
        }
    }

    // What no policy removes: it would take away what the job, or somebody, needs.
    private static bool[] Protect(GenerationRecord[] generations, bool isFinished, List<string>[] reasons)
    {
        var isProtected = new bool[generations.Length];
        GenerationName? newest = isFinished ? null : NewestGoodOf(generations)?.Name;
        for (int at = 0; at < generations.Length; at++)
        {
            if (WhyNever(generations[at], newest) is { } why)
            {
                isProtected[at] = true;
                reasons[at].Add(why);
            }
        }

        return isProtected;
    }

    // From the newest on: what is protected is paid for first, then the others as long as there is something left.
    private static bool[] Overspent(GenerationRecord[] newestFirst, List<string>[] reasons, bool[] isProtected, long budget)
    {
        var isOver = new bool[newestFirst.Length];
        decimal spent = newestFirst.Where((_, at) => isProtected[at]).Sum(record => (decimal)record.NewBytes);
        bool isFull = false;
        for (int at = 0; at < newestFirst.Length; at++)
        {
            if (isProtected[at] || reasons[at].Count == 0)
            {
                continue;
            }

            isFull |= spent + newestFirst[at].NewBytes > budget;
            isOver[at] = isFull;
            spent += isFull ? 0 : newestFirst[at].NewBytes;
        }

        return isOver;
    }

    private static long StretchOf(RetentionPeriod period, DateTimeOffset time, TimeZoneInfo zone)
    {
        DateTimeOffset local = TimeZoneInfo.ConvertTime(time, zone);
        return period switch
        {
            RetentionPeriod.Minutely => Ticking(local, TimeSpan.TicksPerMinute),
            RetentionPeriod.Hourly => Ticking(local, TimeSpan.TicksPerHour),
            RetentionPeriod.Daily => local.DateTime.Ticks / TimeSpan.TicksPerDay,
            RetentionPeriod.Weekly => (ISOWeek.GetYear(local.DateTime) * 100L) + ISOWeek.GetWeekOfYear(local.DateTime),
            RetentionPeriod.Monthly => (local.Year * 100L) + local.Month,
            RetentionPeriod.Yearly => local.Year,
            _ => throw new ArgumentOutOfRangeException(nameof(period)),
        };
    }

    // The hour that comes twice when clocks are put back is two hours.
    private static long Ticking(DateTimeOffset local, long ticks)
        => (local.DateTime.Ticks / ticks * 4096) + 2048 + (long)local.Offset.TotalMinutes;
}
