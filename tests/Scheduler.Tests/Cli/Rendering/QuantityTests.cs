using Checkpointer.Scheduler.Cli.Rendering;

namespace Checkpointer.Scheduler.Tests.Cli.Rendering;

public sealed class QuantityTests
{
    [Theory]
    [InlineData(0L, "0 B")]
    [InlineData(1023L, "1023 B")]
    [InlineData(1024L, "1 KiB")]
    [InlineData(1536L, "1.5 KiB")]
    [InlineData(10240L, "10 KiB")]
    [InlineData((1L << 20) - 1, "1 MiB")]
    [InlineData(220L << 20, "220 MiB")]
    [InlineData(1342177280L, "1.25 GiB")]
    [InlineData(-1536L, "-1.5 KiB")]
    [InlineData(long.MaxValue, "8 EiB")]
    [InlineData(long.MinValue, "-8 EiB")]
    public void Bytes_OfSize_HasThreeDigitsAndUnit(long bytes, string expected) => Assert.Equal(expected, Quantity.Bytes(bytes));

    [Theory]
    [InlineData(0.0, "0 us")]
    [InlineData(85.0, "85 us")]
    [InlineData(1_234.0, "1.23 ms")]
    [InlineData(12_500.0, "12.5 ms")]
    [InlineData(999_600.0, "1 s")]
    [InlineData(1_300_000.0, "1.3 s")]
    [InlineData(59_940_000.0, "59.9 s")]
    [InlineData(59_960_000.0, "1 min 0 s")]
    [InlineData(125_000_000.0, "2 min 5 s")]
    [InlineData(3_599_900_000.0, "1 h 0 min")]
    [InlineData(100_000_000_000.0, "27 h 46 min")]
    public void Duration_OfMicroseconds_HasItsUnit(double microseconds, string expected)
        => Assert.Equal(expected, Quantity.Duration(TimeSpan.FromTicks((long)(microseconds * TimeSpan.TicksPerMicrosecond))));

    [Theory]
    [InlineData(271L, 100L, "2.71x")]
    [InlineData(0L, 100L, "0.00x")]
    [InlineData(100L, 0L, "-")]
    public void Ratio_OfSizes_HasTwoDigits(long larger, long smaller, string expected)
        => Assert.Equal(expected, Quantity.Ratio(larger, smaller));
}
