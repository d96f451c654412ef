using Checkpointer.Engine.Images;
using Checkpointer.Engine.Interop;
using Checkpointer.Engine.Proc;
using Checkpointer.Engine.Restore;
using Checkpointer.Engine.Support;
using Xunit;

namespace Checkpointer.Engine.Tests.Restore;

[Trait("kind", "unit")]
public sealed class SpecialFileBuilderTests
{
    private const long Second = ClockTime.NanosecondsPerSecond;
    private const long Interval = 1000 * Second;

    /// <summary>By the wall clock, since the machine of the test may not have run for that long; with half of an interval on either side.</summary>
    [Theory]
    [InlineData(-(10 * Interval) - (Interval / 2), 7, 18)]
    [InlineData(-Interval / 2, 0, 1)]
    [InlineData(Interval / 2, 7, 7)]
    public void Build_OfATimerfdWithAnAbsoluteTime_CountsWhatExpiredSince(long fromNow, ulong unread, ulong expected)
    {
        var image = new OpenFile
        {
            Kind = OpenFile.Types.Kind.Timerfd,
            Timerfd = new Timerfd
            {
                Clock = Clock.CLOCK_REALTIME,
                SetTimeFlags = TimerFile.TFD_TIMER_ABSTIME,
                Ticks = unread,
                RemainingNs = Interval,
                IntervalNs = Interval,
                AbsoluteNs = ClockTime.Now(Clock.CLOCK_REALTIME) + fromNow,
            },
        };

        using var timer = SpecialFileBuilder.Build(image);

        var built = SpecialFiles.Timerfd(ProcFs.FdInfo(new ProcessId(Environment.ProcessId), timer.Number));
        Assert.Equal(expected, built.Ticks);
        Assert.InRange(built.RemainingNs, (Interval / 2) - (60 * Second), Interval / 2);
    }
}
