namespace Checkpointer.Engine.Dump;

/// <summary>How fast the sink took pages of a job beside it, the last time that it took many: with the load, the memory and the store of this host. Not for use from two threads at a time.</summary>
internal sealed class SinkRate
{
    // Fewer fit into the buffers of the sink, and tell how fast memory is.
    private const long BytesWorthMeasuring = 128 << 20;

    /// <summary>Bytes per second. A cautious guess before the first measurement.</summary>
    public double BytesPerSecond { get; private set; } = 0.8e9;

    /// <summary>Notes that so many bytes took so long.</summary>
    public void Note(long bytes, TimeSpan duration)
    {
        if (bytes >= BytesWorthMeasuring && duration > TimeSpan.Zero)
        {
            BytesPerSecond = bytes / duration.TotalSeconds;
        }
    }
}
