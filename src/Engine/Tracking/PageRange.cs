namespace Checkpointer.Engine.Tracking;

/// <summary>A run of pages: page-aligned addresses (or offsets of a shared object) in bytes.</summary>
internal readonly record struct PageRange(ulong Start, ulong End)
{
    /// <summary>Bytes of a page.</summary>
    public const ulong PageBytes = 4096;

    /// <summary>Length in bytes.</summary>
    public ulong Bytes => End - Start;
}
