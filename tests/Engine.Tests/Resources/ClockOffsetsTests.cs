using Checkpointer.Engine.Images;
using Checkpointer.Engine.Interop;
using Checkpointer.Engine.Proc;
using Checkpointer.Engine.Resources;
using Checkpointer.Engine.Support;
using Xunit;

namespace Checkpointer.Engine.Tests.Resources;

[Trait("kind", "unit")]
public sealed class ClockOffsetsTests
{
    private const long Second = 1_000_000_000;
    private static readonly TimeSpan _slack = TimeSpan.FromMinutes(1);

    [Theory]
    [InlineData(5 * Second, -Second / 2, "monotonic 5 0\nboottime -1 500000000\n")]
    [InlineData(-Second, (2 * Second) + 1, "monotonic -1 0\nboottime 2 1\n")]
    public void Text_HasNanosecondsFromZeroUp(long monotonic, long boottime, string expected)
    {
        Assert.Equal(expected, new ClockOffsets(monotonic, boottime).Text());
    }

    [Fact]
    public void Wanted_WithinABoot_IsWhatTheJobHad()
    {
        var inventory = new Inventory { BootId = ProcFs.BootId(), Clocks = new Clocks { MonotonicOffsetNs = 7, BoottimeOffsetNs = 8 } };

        Assert.Equal(new ClockOffsets(7, 8), ClockOffsets.Wanted(inventory));
    }

    [Fact]
    public void Wanted_AfterAReboot_GoesOnWithTheWallClock()
    {
        // Dumped an hour ago, when its clocks stood at ten days.
        var dumped = TimeProvider.System.GetUtcNow().AddHours(-1).ToUnixTimeMilliseconds() * 1_000_000;
        var inventory = new Inventory
        {
            BootId = "another",
            Clocks = new Clocks { RealtimeNs = dumped, MonotonicNs = 10 * 86400 * Second, BoottimeNs = 20 * 86400 * Second },
        };

        var wanted = ClockOffsets.Wanted(inventory)!;

        var clock = TimeSpan.FromMilliseconds((ClockTime.Now(Clock.CLOCK_MONOTONIC) - ClockOffsets.Ours().Monotonic + wanted.Monotonic) / 1_000_000);
        Assert.InRange(clock, TimeSpan.FromHours((10 * 24) + 1) - _slack, TimeSpan.FromHours((10 * 24) + 1) + _slack);
    }

    [Fact]
    public void Wanted_AfterAReboot_WithTheWallClockBehind_GoesOnWhereItWas()
    {
        var later = TimeProvider.System.GetUtcNow().AddDays(9).ToUnixTimeMilliseconds() * 1_000_000;
        var inventory = new Inventory { BootId = "another", Clocks = new Clocks { RealtimeNs = later, MonotonicNs = 86400 * Second, BoottimeNs = 86400 * Second } };

        var wanted = ClockOffsets.Wanted(inventory)!;

        var clock = TimeSpan.FromMilliseconds((ClockTime.Now(Clock.CLOCK_MONOTONIC) - ClockOffsets.Ours().Monotonic + wanted.Monotonic) / 1_000_000);
        Assert.InRange(clock, TimeSpan.FromDays(1), TimeSpan.FromDays(1) + _slack);
    }

    [Fact]
    public void Wanted_OfAnOlderGeneration_IsNotKnown()
    {
        Assert.Null(ClockOffsets.Wanted(new Inventory { BootId = "another" }));
    }
}
