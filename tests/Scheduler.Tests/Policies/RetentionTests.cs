using System.Globalization;
using Checkpointer.Scheduler.Policies;
using Checkpointer.Store;

namespace Checkpointer.Scheduler.Tests.Policies;

/// <summary>Which generations stay. Facts that restic documents of its own <c>forget</c> (restic(1), "Removing snapshots according to a policy") are marked so.</summary>
public sealed class RetentionTests
{
    private static readonly TimeZoneInfo _utc = TimeZoneInfo.Utc;
    private static readonly DateTimeOffset _start = new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public void EmptyPolicy_RemovesNothing()
    {
        IReadOnlyList<RetentionVerdict> verdicts = Retention.Plan(new RetentionPolicy([]), Daily(_start, 50), _utc, isFinished: true);

        Assert.All(verdicts, verdict => Assert.True(verdict.IsKept));
        Assert.All(verdicts, verdict => Assert.Equal(["no rule was given"], verdict.Reasons));
    }

    [Fact]
    public void NoGenerations_GiveNoVerdicts()
        => Assert.Empty(Retention.Plan(Policy(Rule(RetentionPeriod.Daily, 3)), [], _utc, isFinished: false));

    // restic: with a backup on each of 12 Sundays, --keep-daily 4 keeps the last four Sundays, because only days that have one count.
    [Fact]
    public void KeepDaily_CountsOnlyDaysThatHaveOne()
    {
        GenerationRecord[] sundays = Every(new DateTimeOffset(2026, 1, 4, 11, 0, 0, TimeSpan.Zero), TimeSpan.FromDays(7), 12);

        Assert.Equal([9, 10, 11, 12], Kept(Policy(Rule(RetentionPeriod.Daily, 4)), sundays));
    }

    // restic: of daily backups over 100 years, --keep-daily 7 --keep-weekly 5 --keep-monthly 12 --keep-yearly 75 keeps the 7 newest, then 4 ends of weeks
    // (the dailies hold one), then 11 or 12 ends of months, then 75 ends of years.
    [Fact]
    public void HundredYearsOfDailies_KeepWhatResticDocuments()
    {
        var first = new DateTimeOffset(1926, 1, 1, 20, 0, 0, TimeSpan.Zero);
        GenerationRecord[] all = Daily(first, 36525);
        RetentionPolicy policy = Policy(
            Rule(RetentionPeriod.Daily, 7), Rule(RetentionPeriod.Weekly, 5), Rule(RetentionPeriod.Monthly, 12), Rule(RetentionPeriod.Yearly, 75));

        RetentionVerdict[] kept = [.. Retention.Plan(policy, all, _utc, isFinished: true).Where(verdict => verdict.IsKept)];

        Assert.Equal(7, kept.Count(verdict => verdict.Reasons.Contains("daily")));
        Assert.Equal(5, kept.Count(verdict => verdict.Reasons.Contains("weekly")));
        Assert.Equal(12, kept.Count(verdict => verdict.Reasons.Contains("monthly")));
        Assert.Equal(75, kept.Count(verdict => verdict.Reasons.Contains("yearly")));
        GenerationRecord[] ends = [.. kept.Where(verdict => verdict.Reasons is ["yearly"]).Select(verdict => verdict.Generation)];
        Assert.All(ends, record => Assert.Equal((12, 31), (record.CreatedAt.Month, record.CreatedAt.Day)));
        Assert.All(kept.Where(verdict => verdict.Reasons is ["weekly"]), verdict => Assert.Equal(DayOfWeek.Sunday, verdict.Generation.CreatedAt.DayOfWeek));
        Assert.InRange(kept.Length, 7 + 4 + 10 + 73, 7 + 4 + 12 + 75);
    }

    // restic: where there are not enough to keep one for each stretch of a rule, the oldest is kept additionally.
    [Fact]
    public void FewerStretchesThanARuleKeeps_KeepTheOldestToo()
    {
        GenerationRecord[] sixOfOneDay = Every(_start, TimeSpan.FromHours(1), 6);

        RetentionVerdict[] kept = [.. Retention.Plan(Policy(Rule(RetentionPeriod.Daily, 3)), sixOfOneDay, _utc, true).Where(verdict => verdict.IsKept)];

        Assert.Equal([1L, 6L], kept.Select(verdict => verdict.Generation.Name.Number));
        Assert.Equal("oldest, daily", Assert.Single(kept[0].Reasons));
    }

    [Fact]
    public void AsManyStretchesAsARuleKeeps_DoNotKeepTheOldest()
        => Assert.Equal([6], Kept(Policy(Rule(RetentionPeriod.Daily, 1)), Every(_start, TimeSpan.FromHours(1), 6)));

    [Fact]
    public void KeepLast_KeepsTheNewest_AndTheNumberDecidesBetweenEqualTimes()
    {
        GenerationRecord[] same = [Record(2, _start), Record(1, _start), Record(3, _start)];

        Assert.Equal([2, 3], Kept(Policy(Rule(RetentionPeriod.Last, 2)), same));
    }

    // restic: --keep-within counts from the newest, and what is exactly as old as that goes.
    [Fact]
    public void KeepWithin_CountsFromTheNewest_NotFromNow()
    {
        GenerationRecord[] all = Daily(_start, 30);

        Assert.Equal([24, 25, 26, 27, 28, 29, 30], Kept(Policy(Within(RetentionPeriod.Last, "7d")), all));
        Assert.Equal(["within 7d"], Retention.Plan(Policy(Within(RetentionPeriod.Last, "1w")), all, _utc, true)[^1].Reasons);
    }

    [Fact]
    public void KeepWithin_CountsMonthsByTheCalendar()
    {
        // From March 31, a month back is February 28.
        GenerationRecord[] all = Daily(new DateTimeOffset(2026, 1, 1, 12, 0, 0, TimeSpan.Zero), 31 + 28 + 31);

        Assert.Equal(31, Kept(Policy(Within(RetentionPeriod.Last, "1mo")), all).Length);
    }

    [Fact]
    public void KeepWithinPeriod_KeepsOneForEach()
    {
        GenerationRecord[] hourly = Every(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero), TimeSpan.FromHours(1), 24 * 10);

        // The newest is of 23:00 on January 10; 3 days back is 23:00 on January 7, which is not within.
        Assert.Equal([24 * 8, 24 * 9, 24 * 10], Kept(Policy(Within(RetentionPeriod.Daily, "3d")), hourly).Select(number => (int)number));
    }

    [Theory]
    [InlineData(nameof(RetentionPeriod.Minutely), 60)]
    [InlineData(nameof(RetentionPeriod.Hourly), 3600)]
    [InlineData(nameof(RetentionPeriod.Daily), 86400)]
    public void EachPeriod_KeepsTheNewestOfEachStretch(string period, int seconds)
    {
        // Four in each stretch, the first at its very beginning.
        GenerationRecord[] all = Every(new DateTimeOffset(2026, 3, 1, 0, 0, 0, TimeSpan.Zero), TimeSpan.FromSeconds(seconds / 4.0), 40);

        Assert.Equal([32, 36, 40], Kept(Policy(Rule(Enum.Parse<RetentionPeriod>(period), 3)), all));
    }

    [Fact]
    public void Weeks_AreThoseOfIso8601_OverTheTurnOfAYear()
    {
        // December 28, 2026 is the Monday of week 53, which ends on Sunday, January 3, 2027.
        GenerationRecord[] all = Daily(new DateTimeOffset(2026, 12, 27, 12, 0, 0, TimeSpan.Zero), 9);

        Assert.Equal([1, 8, 9], Kept(Policy(Rule(RetentionPeriod.Weekly, 3)), all));
    }

    [Fact]
    public void TimeZone_DecidesWhereADayEnds()
    {
        GenerationRecord[] two = [Record(1, At("2026-05-01T21:30:00Z")), Record(2, At("2026-05-01T22:30:00Z")), Record(3, At("2026-05-02T12:00:00Z"))];
        TimeZoneInfo berlin = TimeZoneInfo.CreateCustomTimeZone("two hours east", TimeSpan.FromHours(2), null, null);

        Assert.Equal([2, 3], Kept(Policy(Rule(RetentionPeriod.Daily, 2)), two));
        Assert.Equal([1, 3], Kept(Policy(Rule(RetentionPeriod.Daily, 2)), two, berlin));
    }

    [Fact]
    public void HourThatComesTwice_IsTwoHours()
    {
        var summer = TimeZoneInfo.AdjustmentRule.CreateAdjustmentRule(
            DateTime.MinValue, DateTime.MaxValue.Date, TimeSpan.FromHours(1),
            TimeZoneInfo.TransitionTime.CreateFloatingDateRule(new DateTime(1, 1, 1, 2, 0, 0), 3, 5, DayOfWeek.Sunday),
            TimeZoneInfo.TransitionTime.CreateFloatingDateRule(new DateTime(1, 1, 1, 3, 0, 0), 10, 5, DayOfWeek.Sunday));
        TimeZoneInfo zone = TimeZoneInfo.CreateCustomTimeZone("central Europe", TimeSpan.FromHours(1), null, null, null, [summer]);
        GenerationRecord[] all = [Record(1, At("2026-10-25T00:30:00Z")), Record(2, At("2026-10-25T01:30:00Z")), Record(3, At("2026-10-25T02:30:00Z"))];

        Assert.Equal([2, 3], Kept(Policy(Rule(RetentionPeriod.Hourly, 2)), all, zone));
    }

    [Fact]
    public void AnyRule_Keeps_AndAllReasonsAreTold()
    {
        IReadOnlyList<RetentionVerdict> verdicts = Retention.Plan(
            Policy(Rule(RetentionPeriod.Last, 1), Rule(RetentionPeriod.Monthly, null)), Daily(_start, 40), _utc, isFinished: true);

        Assert.Equal(["last", "monthly"], verdicts[39].Reasons);
        Assert.Equal(["monthly"], verdicts[30].Reasons);
        Assert.Equal(["oldest, monthly"], verdicts[0].Reasons);
        Assert.Equal(3, verdicts.Count(verdict => verdict.IsKept));
        Assert.Equal(["no rule keeps it"], verdicts[5].Reasons);
    }

    [Fact]
    public void Pinned_Stays_ButTakesNoPlaceOfARule()
    {
        GenerationRecord[] all = Daily(_start, 5);
        all[1] = all[1] with { IsPinned = true };

        Assert.Equal([2, 4, 5], Kept(Policy(Rule(RetentionPeriod.Last, 2)), all));
    }

    [Fact]
    public void NewestGood_OfAJobThatIsNotFinished_Stays_WhateverTheBudget()
    {
        GenerationRecord[] all = Daily(_start, 5);
        all[4] = all[4] with { IsDamaged = true };
        var nothing = new RetentionPolicy([], BytesMax: 1);

        Assert.Equal([4L], Retention.Plan(nothing, all, _utc, isFinished: false).Where(verdict => verdict.IsKept).Select(verdict => verdict.Generation.Name.Number));
        Assert.All(Retention.Plan(nothing, all, _utc, isFinished: true), verdict => Assert.False(verdict.IsKept));
    }

    [Fact]
    public void Budget_TakesTheOldest_AndPaysForPinnedOnesFirst()
    {
        GenerationRecord[] all = Daily(_start, 6);
        all[0] = all[0] with { IsPinned = true };

        Assert.Equal([1, 5, 6], Kept(new RetentionPolicy([], BytesMax: 350), all));
        Assert.Equal([1, 3, 4, 5, 6], Kept(new RetentionPolicy([Rule(RetentionPeriod.Last, 4)], BytesMax: 10_000), all));
        Assert.Equal([1, 2, 3, 4, 5, 6], Kept(new RetentionPolicy([], BytesMax: 600), all));
    }

    [Fact]
    public void RandomPolicies_NeverRemoveWhatIsProtected_AndMoreRulesNeverRemoveMore()
    {
        var random = new Random(7);
        for (int round = 0; round < 300; round++)
        {
            GenerationRecord[] all = [.. Enumerable.Range(1, random.Next(1, 60)).Select(number => Record(number, _start.AddMinutes(random.Next(100_000))) with
            {
                IsPinned = random.Next(10) == 0,
                IsDamaged = random.Next(5) == 0,
            })];
            RetentionRule[] rules = [.. Enumerable.Range(0, random.Next(1, 5)).Select(_ => new RetentionRule((RetentionPeriod)random.Next(7), random.Next(1, 9)))];

            long[] few = Kept(Policy(rules[..1]), all);
            long[] many = Kept(Policy(rules), all);
            IReadOnlyList<RetentionVerdict> tight = Retention.Plan(new RetentionPolicy(rules, random.Next(1, 1000)), all, _utc, isFinished: false);

            Assert.Subset(many.ToHashSet(), few.ToHashSet());
            Assert.All(tight, verdict => Assert.True(verdict.IsKept || Retention.WhyNever(verdict.Generation, all, isFinished: false) is null));
            Assert.Equal(all.Length, tight.Count);
        }
    }

    private static RetentionPolicy Policy(params RetentionRule[] rules) => new(rules);

    private static RetentionRule Rule(RetentionPeriod period, int? count) => new(period, count);

    private static RetentionRule Within(RetentionPeriod period, string span)
        => new(period, null, CalendarSpan.TryParse(span, out CalendarSpan parsed) ? parsed : throw new FormatException(span));

    private static long[] Kept(RetentionPolicy policy, GenerationRecord[] all, TimeZoneInfo? zone = null)
        => [.. Retention.Plan(policy, all, zone ?? _utc, isFinished: true).Where(verdict => verdict.IsKept).Select(verdict => verdict.Generation.Name.Number).Order()];

    private static GenerationRecord[] Daily(DateTimeOffset first, int count) => Every(first, TimeSpan.FromDays(1), count);

    private static GenerationRecord[] Every(DateTimeOffset first, TimeSpan step, int count)
        => [.. Enumerable.Range(0, count).Select(at => Record(at + 1, first + (at * step)))];

    private static GenerationRecord Record(int number, DateTimeOffset at)
        => new(new GenerationName("md", number), at, TimeSpan.FromSeconds(1), 100, new GenerationSummary("full", "compare", "copy", 1, 1, 1, 1, 1));

    private static DateTimeOffset At(string text) => DateTimeOffset.Parse(text, CultureInfo.InvariantCulture);
}
