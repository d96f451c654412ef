using Checkpointer.Scheduler.Schedules;

namespace Checkpointer.Scheduler.Tests.Schedules;

public sealed class AdaptiveScheduleTests
{
    private static readonly DateTimeOffset _noon = new(2026, 3, 4, 12, 0, 0, TimeSpan.Zero);
    private static readonly TimeSpan _cost = TimeSpan.FromMinutes(5);

    [Theory]
    [InlineData(24 * 60, 116.7)]
    [InlineData(6 * 60, 56.7)]
    [InlineData(15, 9.14)]
    public void Daly_OfFiveMinutes_IsAsPublished(int mtbfMinutes, double expectedMinutes)
        => Assert.Equal(expectedMinutes, Daly.Interval(_cost, TimeSpan.FromMinutes(mtbfMinutes)).TotalMinutes, expectedMinutes * 0.0006);

    [Fact]
    public void Daly_WhereFailuresComeFasterThanDumps_IsTheTimeBetweenThem()
        => Assert.Equal(TimeSpan.FromMinutes(2), Daly.Interval(_cost, TimeSpan.FromMinutes(2)));

    [Fact]
    public void Next_BeforeTheFirstDump_IsNow()
        => Assert.Equal(_noon, Auto().Next(new ScheduleMoment(_noon, null)));

    [Fact]
    public void Next_OfAuto_CountsFromStartToStart()
    {
        var moment = new ScheduleMoment(_noon, _noon, _cost, TimeSpan.FromHours(24));

        Assert.Equal(5 + 116.7, (Auto().Next(moment)!.Value - _noon).TotalMinutes, 0.05);
    }

    [Fact]
    public void Next_WithAGivenTimeBetweenFailures_IgnoresTheObserved()
    {
        var schedule = new AdaptiveSchedule(new AdaptiveLimits(true, null, TimeSpan.FromHours(6), TimeSpan.FromSeconds(10), TimeSpan.FromDays(1)));

        Assert.Equal(5 + 56.7, (schedule.Next(new ScheduleMoment(_noon, _noon, _cost, TimeSpan.FromHours(24)))!.Value - _noon).TotalMinutes, 0.05);
    }

    [Theory]
    [InlineData(false, 0.01, 3, 300)]
    [InlineData(false, 0.01, 0.001, 10)]
    [InlineData(false, 0.000000001, 3600, 86400)]
    [InlineData(true, 0.5, 300, 7302)]
    [InlineData(true, 0.01, 300, 30000)]
    public void Interval_WithinOverheadAndBounds_IsTheLongerOne(bool isAuto, double overhead, double costSeconds, double expectedSeconds)
    {
        var schedule = new AdaptiveSchedule(new AdaptiveLimits(isAuto, overhead, null, TimeSpan.FromSeconds(10), TimeSpan.FromDays(1)));

        Assert.Equal(expectedSeconds, schedule.Interval(TimeSpan.FromSeconds(costSeconds), TimeSpan.FromHours(24)).TotalSeconds, 1.0);
    }

    [Fact]
    public void Next_AfterADumpWhoseCostIsNotKnown_IsSoon()
        => Assert.Equal(_noon + TimeSpan.FromSeconds(10), Auto().Next(new ScheduleMoment(_noon, _noon)));

    [Fact]
    public void Next_WhenTheClockWasPutBackADay_IsNow()
        => Assert.Equal(_noon, Auto().Next(new ScheduleMoment(_noon, _noon.AddDays(1), _cost)));

    private static AdaptiveSchedule Auto() => new(new AdaptiveLimits(true, null, null, TimeSpan.FromSeconds(10), TimeSpan.FromDays(1)));
}
