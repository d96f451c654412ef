namespace Checkpointer.Store;

/// <summary>A stored chunk that cannot be had back.</summary>
/// <param name="chunk">Its id, hexadecimal.</param>
/// <param name="pack">File name of its pack, or null when no pack is known to hold it.</param>
/// <param name="offset">Where its record begins, bytes.</param>
/// <param name="what">What is wrong, the end of a sentence.</param>
/// <param name="innerException">How it was found.</param>
public sealed class CorruptChunkException(string chunk, string? pack, long offset, string what, Exception? innerException = null)
    : StoreException(
        StoreFailure.Corrupt,
        pack is null ? $"chunk {chunk}: {what}" : $"pack {pack}, offset {offset}, chunk {chunk}: {what}",
        "run 'checkpointer verify --all' to see which generations are spoiled, and recover from another",
        innerException)
{
    /// <summary>Its id, hexadecimal.</summary>
    public string Chunk { get; } = chunk;

    /// <summary>File name of its pack, or null.</summary>
    public string? Pack { get; } = pack;

    /// <summary>Where its record begins, bytes.</summary>
    public long Offset { get; } = offset;

    /// <summary>What is wrong.</summary>
    public string What { get; } = what;
}
