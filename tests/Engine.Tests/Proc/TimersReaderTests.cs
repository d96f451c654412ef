using System.Text;
using Checkpointer.Engine.Proc;
using Xunit;

namespace Checkpointer.Engine.Tests.Proc;

[Trait("kind", "unit")]
public sealed class TimersReaderTests
{
    [Fact]
    public void Timers_OfLinux618_AreRead()
    {
        IReadOnlyList<PosixTimer> timers = TimersReader.Parse(Samples.Read("timers-6.18.txt"));

        Assert.Equal(
            [
                new PosixTimer(3, 0, 0, TimerNotify.None, false, 6186, -49494),
                new PosixTimer(2, 10, 0, TimerNotify.Signal, true, 6186, -6),
                new PosixTimer(1, 0, 0, TimerNotify.None, false, 6186, 0),
                new PosixTimer(0, 37, 0xdeadbeefcafe, TimerNotify.Signal, false, 6186, 1),
            ],
            timers);
    }

    [Fact]
    public void Timers_OfLinux310_AreRead()
    {
        IReadOnlyList<PosixTimer> timers = TimersReader.Parse(Samples.Read("timers-3.10.txt"));

        Assert.Equal(
            [
                new PosixTimer(1, 60, 0x7fff86e452a8, TimerNotify.Signal, true, 2634, 0),
                new PosixTimer(0, 14, 0xff, TimerNotify.Thread, false, 2634, 1),
            ],
            timers);
    }

    [Fact]
    public void Lines_OfNewerKernel_AreIgnored()
    {
        byte[] text = Samples.Changed("timers-3.10.txt", "ClockID: 0\n", "colour: blue\nClockID: 0\nslack: 5\n");

        Assert.Equal(2, TimersReader.Parse(text).Count);
    }

    [Fact]
    public void LastLine_OfNewerKernel_IsIgnored()
    {
        Assert.Equal(2, TimersReader.Parse([.. Samples.Read("timers-3.10.txt"), .. "Interval: 5\n"u8]).Count);
    }

    [Fact]
    public void Empty_GivesNoTimers()
    {
        Assert.Empty(TimersReader.Parse(default));
    }

    [Theory]
    [InlineData("ID: 1", "ID: one")]
    [InlineData("signal: 60/", "signal: 60 ")]
    [InlineData("signal: 60/00007fff86e452a8", "signal: 60/")]
    [InlineData("notify: signal/tid.2634", "notify: carrier pigeon/tid.2634")]
    [InlineData("notify: signal/tid.2634", "notify: signal/uid.2634")]
    [InlineData("notify: signal/tid.2634\n", "")]
    [InlineData("ClockID: 1\n", "")]
    public void Malformed_Throws(string old, string replacement)
    {
        byte[] text = Samples.Changed("timers-3.10.txt", old, replacement);

        Assert.Throws<ProcFormatException>(() => TimersReader.Parse(text));
    }

    [Fact]
    public void Block_WithoutId_Throws()
    {
        Assert.Throws<ProcFormatException>(() => TimersReader.Parse(Encoding.ASCII.GetBytes("signal: 1/0\n")));
    }
}
