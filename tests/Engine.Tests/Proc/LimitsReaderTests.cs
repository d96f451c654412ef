using Checkpointer.Engine.Proc;
using Xunit;

namespace Checkpointer.Engine.Tests.Proc;

[Trait("kind", "unit")]
public sealed class LimitsReaderTests
{
    private const ulong Unlimited = ResourceLimit.Unlimited;

    [Fact]
    public void Limits_OfLinux618_AreOrderedByNumber()
    {
        IReadOnlyList<ResourceLimit> limits = LimitsReader.Parse(Samples.Read("limits-6.18.txt"));

        Assert.Equal(
            [
                new(0, Unlimited, Unlimited),
                new(1, Unlimited, Unlimited),
                new(2, Unlimited, Unlimited),
                new(3, 16777216, Unlimited),
                new(4, 0, Unlimited),
                new(5, Unlimited, Unlimited),
                new(6, 96365, 96365),
                new(7, 1000, 2000),
                new(8, 8388608, 8388608),
                new(9, Unlimited, Unlimited),
                new(10, Unlimited, Unlimited),
                new(11, 96365, 96365),
                new(12, 819200, 819200),
                new(13, 0, 0),
                new(14, 0, 0),
                new(15, Unlimited, Unlimited),
            ],
            limits);
    }

    [Fact]
    public void Limit_OfNewerKernel_IsIgnored()
    {
        byte[] text = [.. Samples.Read("limits-6.18.txt"), .. "Max llamas                many                 more                 herds\n"u8];

        Assert.Equal(16, LimitsReader.Parse(text).Count);
    }

    [Theory]
    [InlineData("Max open files  ", "Max openfiles   ")]
    [InlineData("1000                 2000 ", "1000                      ")]
    [InlineData("1000                 2000 ", "lots                 2000 ")]
    [InlineData("1000                 2000 ", "-1                   2000 ")]
    public void Malformed_Throws(string old, string replacement)
    {
        byte[] text = Samples.Changed("limits-6.18.txt", old, replacement);

        Assert.Throws<ProcFormatException>(() => LimitsReader.Parse(text));
    }
}
