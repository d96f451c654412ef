using Checkpointer.Scheduler.Schedules;

namespace Checkpointer.Scheduler.Tests.Schedules;

public sealed class MissedTimesTests
{
    private static readonly DateTimeOffset _noon = new(2026, 3, 4, 12, 0, 0, TimeSpan.Zero);

    [Theory]
    [InlineData(0.1, 0)]
    [InlineData(14.9, 0)]
    [InlineData(15, 1)]
    [InlineData(61, 4)]
    [InlineData(100_000, 1000)]
    public void Count_IsOfDueTimesBehindTheOneThatIsDumped(double lateMinutes, int expected)
    {
        var schedule = new EverySchedule(TimeSpan.FromMinutes(15), TimeSpan.Zero, MisfireRule.Once);

        Assert.Equal(expected, MissedTimes.After(schedule, _noon, new ScheduleMoment(_noon.AddMinutes(lateMinutes), null)));
    }
}
