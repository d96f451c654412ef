namespace Checkpointer.CrashLab.Disk;

/// <summary>One request that changes a disk.</summary>
/// <param name="Offset">Where; no meaning for a flush.</param>
/// <param name="Bytes">What is written; null for a flush.</param>
/// <param name="IsDurable">Past the cache of the disk.</param>
internal sealed record DiskStep(long Offset, byte[]? Bytes, bool IsDurable);

/// <summary>All writes and flushes of a run in their order. Safe for use from any thread.</summary>
internal sealed class DiskRecording
{
    private readonly Lock _lock = new();
    private readonly List<DiskStep> _steps = [];

    /// <summary>How many there are by now.</summary>
    public int Count
    {
        get
        {
            lock (_lock)
            {
                return _steps.Count;
            }
        }
    }

    /// <summary>All of them, when the run is over.</summary>
    public IReadOnlyList<DiskStep> Steps => _steps;

    public void Write(long offset, ReadOnlySpan<byte> bytes, bool isDurable) => Add(new DiskStep(offset, bytes.ToArray(), isDurable));

    public void Flush() => Add(new DiskStep(0, null, IsDurable: true));

    private void Add(DiskStep step)
    {
        lock (_lock)
        {
            _steps.Add(step);
        }
    }
}
