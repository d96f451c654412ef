using Checkpointer.Scheduler.Policies;

namespace Checkpointer.Scheduler.Tests.Policies;

public sealed class SizeTextTests
{
    [Theory]
    [InlineData("0", 0)]
    [InlineData("4096", 4096)]
    [InlineData("64K", 64L << 10)]
    [InlineData("1m", 1L << 20)]
    [InlineData("16G", 16L << 30)]
    [InlineData("2T", 2L << 40)]
    [InlineData("8388607T", 8388607L << 40)]
    public void TryParse_OfNumberAndUnit_IsThatMany(string text, long bytes)
    {
        Assert.True(SizeText.TryParse(text, out long parsed));
        Assert.Equal(bytes, parsed);
    }

    [Theory]
    [InlineData("")]
    [InlineData("K")]
    [InlineData("-1")]
    [InlineData("1.5G")]
    [InlineData("1 G")]
    [InlineData("1GB")]
    [InlineData("8388608T")]
    [InlineData("9223372036854775808")]
    public void TryParse_OfSomethingElse_IsFalse(string text) => Assert.False(SizeText.TryParse(text, out _));
}
