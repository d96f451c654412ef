using Checkpointer.Scheduler.Schedules;

namespace Checkpointer.Scheduler.Tests.Schedules;

public sealed class FailureRateTests
{
    [Theory]
    [InlineData(0, 0, 24)]
    [InlineData(1, 0, 12)]
    [InlineData(0, 24 * 30, 24 * 31)]
    [InlineData(9, 216, 24)]
    [InlineData(1, -5, 12)]
    public void MeanTime_IsWhatWasSeenAndWhatIsSupposed(int failures, int observedHours, int expectedHours)
        => Assert.Equal(TimeSpan.FromHours(expectedHours), FailureRate.MeanTimeBetween(failures, TimeSpan.FromHours(observedHours)));
}
