namespace Checkpointer.Store;

/// <summary>Pages of a content that differ between two generations.</summary>
/// <param name="Offset">Where they begin, bytes.</param>
/// <param name="Bytes">How many bytes, whole pages.</param>
public readonly record struct ChangedRange(ulong Offset, ulong Bytes)
{
    /// <summary>Offset behind the last byte.</summary>
    public ulong End => unchecked(Offset + Bytes);
}
