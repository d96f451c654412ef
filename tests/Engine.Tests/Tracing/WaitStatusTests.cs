using Checkpointer.Engine.Tracing;
using Xunit;

namespace Checkpointer.Engine.Tests.Tracing;

/// <summary>wait(2) statuses as the kernel encodes them.</summary>
[Trait("kind", "unit")]
public sealed class WaitStatusTests
{
    [Theory]
    [InlineData(0x0000, "exited with 0 (status 0x0)")]
    [InlineData(0xff00, "exited with 255 (status 0xff00)")]
    [InlineData(0x0009, "killed by signal 9 (status 0x9)")]
    [InlineData(0x008b, "killed by signal 11 (status 0x8b)")] // with a core file
    public void Status_OfADeadTask_SaysHow(int raw, string expected)
    {
        var status = new WaitStatus(raw);

        Assert.True(status.IsDead);
        Assert.False(status.IsStopped || status.IsSyscallStop);
        Assert.NotEqual(status.IsExited, status.IsSignaled);
        Assert.Equal(expected, status.ToString());
    }

    [Theory]
    [InlineData(0x00137f, 19, 0, false)] // SIGSTOP
    [InlineData(0x00057f, 5, 0, false)] // SIGTRAP: a breakpoint
    [InlineData(0x00857f, 0x85, 0, true)] // PTRACE_O_TRACESYSGOOD
    [InlineData(0x80057f, 5, 128, false)] // PTRACE_EVENT_STOP of PTRACE_INTERRUPT
    [InlineData(0x80137f, 19, 128, false)] // PTRACE_EVENT_STOP of a group stop
    [InlineData(0x03057f, 5, 3, false)] // PTRACE_EVENT_CLONE
    public void Status_OfAStoppedTask_SaysWhy(int raw, int signal, int ptraceEvent, bool isSyscallStop)
    {
        var status = new WaitStatus(raw);

        Assert.True(status.IsStopped);
        Assert.False(status.IsDead || status.IsExited || status.IsSignaled);
        Assert.Equal((signal, ptraceEvent, isSyscallStop), (status.StopSignal, status.Event, status.IsSyscallStop));
        Assert.StartsWith($"stopped by signal {signal}, event {ptraceEvent} ", status.ToString(), StringComparison.Ordinal);
    }
}
