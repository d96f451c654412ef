using Checkpointer.Engine.Dump;
using Xunit;

namespace Checkpointer.Engine.Tests.Dump;

[Trait("kind", "unit")]
public sealed class SinkRateTests
{
    private const long MiB = 1 << 20;

    [Fact]
    public void Note_OfMany_IsWhatTheNextDumpReckonsWith()
    {
        var rate = new SinkRate();

        rate.Note(512 * MiB, TimeSpan.FromSeconds(1));
        rate.Note(256 * MiB, TimeSpan.FromSeconds(2));

        Assert.Equal(128 * MiB, rate.BytesPerSecond);
    }

    [Fact]
    public void Note_OfFew_TellsNothing()
    {
        var rate = new SinkRate();
        rate.Note(512 * MiB, TimeSpan.FromSeconds(1));

        // As fast as memory: all of it is still on its way to the disk.
        rate.Note(16 * MiB, TimeSpan.FromMilliseconds(1));
        rate.Note(512 * MiB, TimeSpan.Zero);

        Assert.Equal(512 * MiB, rate.BytesPerSecond);
    }
}
