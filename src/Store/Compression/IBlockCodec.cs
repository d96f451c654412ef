namespace Checkpointer.Store.Compression;

/// <summary>Compresses independent blocks. Stateless and safe for use from any thread.</summary>
internal interface IBlockCodec
{
    /// <summary>Compresses into <paramref name="target"/>. Returns the compressed size, or 0 when it does not fit.</summary>
    int Compress(ReadOnlySpan<byte> source, Span<byte> target);

    /// <summary>Fills <paramref name="target"/> exactly. False when the source is malformed or of another plain size.</summary>
    bool Decompress(ReadOnlySpan<byte> source, Span<byte> target);
}
