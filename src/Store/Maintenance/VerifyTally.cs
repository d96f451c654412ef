namespace Checkpointer.Store.Maintenance;

/// <summary>What a verify has done so far. Safe for use from any thread.</summary>
internal sealed class VerifyTally(IProgress<long>? bytesDone)
{
    /// <summary>Progress is told every so many bytes.</summary>
    private const long ProgressBytes = 4 << 20;

    private readonly Lock _gate = new();
    private long _told;

    /// <summary>Packs looked at.</summary>
    public int Packs { get; private set; }

    /// <summary>Chunks re-hashed.</summary>
    public long Chunks { get; private set; }

    /// <summary>Bytes read from disk.</summary>
    public long Bytes { get; private set; }

    /// <summary>Counts a pack.</summary>
    public void AddPack()
    {
        lock (_gate)
        {
            Packs++;
        }
    }

    /// <summary>Counts bytes, and chunks that were good.</summary>
    public void Add(long bytes, long chunks)
    {
        lock (_gate)
        {
            Bytes += bytes;
            Chunks += chunks;
            if (Bytes - _told >= ProgressBytes)
            {
                Tell();
            }
        }
    }

    /// <summary>Tells the end.</summary>
    public void Finish()
    {
        lock (_gate)
        {
            Tell();
        }
    }

    // Under the lock, so that what is told never goes back.
    private void Tell()
    {
        _told = Bytes;
        bytesDone?.Report(_told);
    }
}
