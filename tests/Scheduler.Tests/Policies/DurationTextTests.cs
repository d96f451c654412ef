using Checkpointer.Scheduler.Policies;

namespace Checkpointer.Scheduler.Tests.Policies;

public sealed class DurationTextTests
{
    [Theory]
    [InlineData("1ms", 1)]
    [InlineData("500ms", 500)]
    [InlineData("10s", 10_000)]
    [InlineData("15m", 900_000)]
    [InlineData("2h", 7_200_000)]
    [InlineData("1d", 86_400_000)]
    [InlineData("365d", 31_536_000_000)]
    [InlineData("0010s", 10_000)]
    public void TryParse_OfNumberAndUnit_IsThatLong(string text, long milliseconds)
    {
        Assert.True(DurationText.TryParse(text, out TimeSpan duration));
        Assert.Equal(milliseconds, duration.TotalMilliseconds);
    }

    [Theory]
    [InlineData("")]
    [InlineData("10")]
    [InlineData("s")]
    [InlineData("ms")]
    [InlineData("0s")]
    [InlineData("-1s")]
    [InlineData("+1s")]
    [InlineData("1.5s")]
    [InlineData("1 s")]
    [InlineData(" 1s")]
    [InlineData("1s ")]
    [InlineData("1S")]
    [InlineData("1w")]
    [InlineData("1h30m")]
    [InlineData("00:00:10")]
    [InlineData("366d")]
    [InlineData("9223372036854775807d")]
    [InlineData("99999999999999999999s")]
    public void TryParse_OfAnythingElse_IsFalse(string text)
    {
        Assert.False(DurationText.TryParse(text, out TimeSpan duration));
        Assert.Equal(TimeSpan.Zero, duration);
    }
}
