using System.Diagnostics;
using Checkpointer.Engine.Dump;
using Xunit;

namespace Checkpointer.Engine.Tests.Dump;

[Trait("kind", "unit")]
public sealed class PaceTests
{
    private const int Piece = 1 << 20;

    [Fact]
    public void Wait_TakesAsLongAsTheRateSays()
    {
        var pace = new Pace(20 * Piece);

        var seconds = Seconds(() => Repeat(11, () => pace.Wait(Piece)));

        // The first piece waits for nothing: ten of twenty in a second.
        Assert.InRange(seconds, 0.49, 5);
    }

    [Fact]
    public void Wait_WithoutARateOrSuspended_WaitsForNothing()
    {
        var none = new Pace(0);
        var suspended = new Pace(1) { IsSuspended = true };

        var seconds = Seconds(() => Repeat(1000, () =>
        {
            none.Wait(Piece);
            suspended.Wait(Piece);
        }));

        Assert.InRange(seconds, 0, 5); // at a byte a second it would be days
    }

    [Fact]
    public void Wait_ThatIsCancelled_EndsAtOnce()
    {
        using var cancelled = new CancellationTokenSource();
        var pace = new Pace(1, cancelled.Token);
        pace.Wait(Piece);
        cancelled.Cancel();

        Assert.Throws<OperationCanceledException>(() => pace.Wait(Piece));
    }

    private static void Repeat(int count, Action action)
    {
        for (var i = 0; i < count; i++)
        {
            action();
        }
    }

    private static double Seconds(Action action)
    {
        var begun = Stopwatch.GetTimestamp();
        action();
        return Stopwatch.GetElapsedTime(begun).TotalSeconds;
    }
}
