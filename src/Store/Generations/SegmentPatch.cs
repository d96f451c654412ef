using Checkpointer.Store.Chunking;

namespace Checkpointer.Store.Generations;

/// <summary>Pages of a segment.</summary>
internal readonly record struct PageRange(int FirstPage, int PageCount);

/// <summary>What changed in a segment.</summary>
/// <param name="Base">The segment, or the patch, that it changes.</param>
/// <param name="Depth">Patches from here to the full segment, this one included.</param>
/// <param name="Extents">Pages that are other data now, ascending.</param>
/// <param name="Clears">Pages that are zero now, ascending.</param>
internal sealed record SegmentPatch(ChunkId Base, int Depth, IReadOnlyList<Extent> Extents, IReadOnlyList<PageRange> Clears)
{
    /// <summary>Changes that it lists.</summary>
    public int Count => Extents.Count + Clears.Count;

    /// <summary>Paints the changes over what is there.</summary>
    public void ApplyTo(SegmentCanvas canvas)
    {
        foreach (var clear in Clears)
        {
            canvas.Clear(clear.FirstPage, clear.PageCount);
        }

        foreach (var extent in Extents)
        {
            canvas.Paint(extent);
        }
    }
}
