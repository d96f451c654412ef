namespace Checkpointer.Store.Packs;

/// <summary>Bytes that are not what docs/format.md says. Parsers throw it; whoever knows the file names it and turns it into a
/// <see cref="StoreException"/>.</summary>
/// <param name="offset">Where in the parsed bytes, or in the pack.</param>
/// <param name="what">What is wrong, the end of a sentence.</param>
/// <param name="isNewer">The bytes check out but use something that only a newer version knows.</param>
internal sealed class PackFormatException(long offset, string what, bool isNewer = false) : Exception(what)
{
    /// <summary>Where.</summary>
    public long Offset { get; } = offset;

    /// <summary>Not damage, but a newer version.</summary>
    public bool IsNewer { get; } = isNewer;

    /// <summary>Throws unless the bytes are right.</summary>
    public static void Require(bool condition, long offset, string what)
    {
        if (!condition)
        {
            throw new PackFormatException(offset, what);
        }
    }
}
