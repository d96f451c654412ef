using Checkpointer.Engine.Resources;
using Xunit;

namespace Checkpointer.Engine.Tests.Resources;

/// <summary>Clock IDs as clock_getcpuclockid(3) and pthread_getcpuclockid(3) make them.</summary>
[Trait("kind", "unit")]
public sealed class CpuClockTests
{
    [Theory]
    [InlineData(-6, 0, false, false)]
    [InlineData(CpuClock.OfOwnThread, 0, true, false)]
    [InlineData((~1234 << 3) | 2, 1234, false, false)]
    [InlineData((~1234 << 3) | 6, 1234, true, false)]
    [InlineData((~5 << 3) | 3, 5, false, true)]
    public void Clock_IsTakenApart(int number, int id, bool isOfThread, bool isOfDescriptor)
    {
        var clock = new CpuClock(number);

        Assert.Equal((id, isOfThread, isOfDescriptor), (clock.Id, clock.IsOfThread, clock.IsOfDescriptor));
    }
}
