using System.Globalization;
using Checkpointer.Scheduler.Policies;

namespace Checkpointer.Scheduler.Tests.Policies;

public sealed class CalendarSpanTests
{
    [Theory]
    [InlineData("1y6mo", "1y6mo")]
    [InlineData("2w", "14d")]
    [InlineData("1w1d", "8d")]
    [InlineData("7d12h", "7d12h")]
    [InlineData("90m", "1h30m")]
    [InlineData("1000y", "1000y")]
    [InlineData("45s", "45s")]
    public void TryParse_OfASpan_ReadsIt(string text, string expected)
    {
        Assert.True(CalendarSpan.TryParse(text, out CalendarSpan span));
        Assert.Equal(expected, span.ToString());
    }

    [Theory]
    [InlineData("")]
    [InlineData("7")]
    [InlineData("d")]
    [InlineData("0d")]
    [InlineData("-1d")]
    [InlineData("1h1d")]
    [InlineData("1d1d")]
    [InlineData("1 d")]
    [InlineData("1001y")]
    [InlineData("99999999999d")]
    [InlineData("1dd")]
    [InlineData("1mon")]
    public void TryParse_OfAnythingElse_IsFalse(string text) => Assert.False(CalendarSpan.TryParse(text, out _));

    [Theory]
    [InlineData("1y", "2028-02-29T10:00:00Z", "2027-02-28T10:00:00Z")]
    [InlineData("1mo", "2026-03-31T10:00:00Z", "2026-02-28T10:00:00Z")]
    [InlineData("1d1h", "2026-03-01T00:30:00Z", "2026-02-27T23:30:00Z")]
    [InlineData("1000y", "2026-03-01T00:30:00Z", "1026-03-01T00:30:00Z")]
    public void Before_CountsByTheCalendar(string text, string from, string expected)
    {
        Assert.True(CalendarSpan.TryParse(text, out CalendarSpan span));
        Assert.Equal(At(expected), span.Before(At(from), TimeZoneInfo.Utc));
    }

    [Fact]
    public void Before_BeyondTheFirstYear_IsTheBeginningOfTime()
    {
        Assert.True(CalendarSpan.TryParse("1000y", out CalendarSpan span));
        Assert.Equal(DateTimeOffset.MinValue, span.Before(new DateTimeOffset(900, 1, 1, 0, 0, 0, TimeSpan.Zero), TimeZoneInfo.Utc));
    }

    [Theory]
    [InlineData("1", 1)]
    [InlineData("500MiB", 500L << 20)]
    [InlineData("20GiB", 20L << 30)]
    [InlineData("3TiB", 3L << 40)]
    [InlineData("10GB", 0)]
    [InlineData("KiB", 0)]
    [InlineData("7iB", 0)]
    [InlineData("99999999999TiB", 0)]
    public void Size_IsReadOrRefused(string text, long bytes)
    {
        Assert.Equal(bytes > 0, SizeText.TryParse(text, out long read));
        Assert.Equal(bytes, read);
    }

    private static DateTimeOffset At(string text) => DateTimeOffset.Parse(text, CultureInfo.InvariantCulture);
}
