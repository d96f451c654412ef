using Checkpointer.Store.Chunking;

namespace Checkpointer.Store.Generations;

/// <summary>A segment as its table lists it. All but the chunk are for the next writer, which can so decide how to store a change without
/// reading the segment.</summary>
/// <param name="Chunk">The full segment, or the newest patch.</param>
/// <param name="Depth">Patches over the full segment; 0 when the chunk is the full segment.</param>
/// <param name="PatchExtents">Changes that the patches list, all together.</param>
/// <param name="FullExtents">Extents of the full segment.</param>
internal readonly record struct SegmentEntry(ChunkId Chunk, int Depth, int PatchExtents, int FullExtents)
{
    /// <summary>Most extents that the segment can have now: each change splits at most one.</summary>
    public int ExtentsMax => Math.Min(MapFormat.ExtentsMax, FullExtents + (2 * PatchExtents));
}
