using Checkpointer.Scheduler.Cli;
using Checkpointer.Scheduler.Tests.Fakes;

namespace Checkpointer.Scheduler.Tests.Cli;

public sealed class SignalsTests
{
    private readonly ManualTime _time = new();

    [Fact]
    public void Receive_OfFirst_CancelsAndGoesOn()
    {
        using var signals = new Signals(_time);
        Assert.False(signals.Token.IsCancellationRequested);

        Assert.True(signals.Receive());
        Assert.True(signals.Token.IsCancellationRequested);
    }

    [Fact]
    public void Receive_OfEcho_GoesOn()
    {
        using var signals = new Signals(_time);
        signals.Receive();
        _time.Advance(TimeSpan.FromMilliseconds(999));

        Assert.True(signals.Receive());
    }

    [Fact]
    public void Receive_OfSecondWish_EndsTheProcess()
    {
        using var signals = new Signals(_time);
        signals.Receive();
        _time.Advance(TimeSpan.FromSeconds(1));

        Assert.False(signals.Receive());
    }
}
