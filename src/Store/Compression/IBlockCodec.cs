namespace Checkpointer.Store.Compression;

/// <summary>Compresses independent blocks. Stateless and safe for use from any thread.</summary>
internal interface IBlockCodec
{
    /// <summary>Compresses. Returns the compressed size, or 0 when it does not fit.</summary>
    /// <param name="source">Any bytes.</param>
    /// <param name="target">Where they go.</param>
    /// <param name="acceleration">1 looks for a match at every byte; the larger, the faster and the less is found.</param>
    int Compress(ReadOnlySpan<byte> source, Span<byte> target, int acceleration = 1);

    /// <summary>Fills <paramref name="target"/> exactly. False when the source is malformed or of another plain size.</summary>
    bool Decompress(ReadOnlySpan<byte> source, Span<byte> target);
}
