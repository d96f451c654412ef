namespace Checkpointer.Engine.Tracking;

/// <summary>A run of pages: page-aligned addresses (or offsets of a shared object) in bytes.</summary>
internal readonly record struct PageRange(ulong Start, ulong End)
{
    /// <summary>Length in bytes.</summary>
    public ulong Bytes => End - Start;
}
