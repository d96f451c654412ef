using Checkpointer.Store.Chunking;
using Checkpointer.Store.Packs;

namespace Checkpointer.Store.Generations;

/// <summary>One chunk of a segment: a patch, or the extents of the full segment.</summary>
internal sealed record SegmentPart(SegmentPatch? Patch, Extent[] Full)
{
    /// <summary>The extents that it lists.</summary>
    public IReadOnlyList<Extent> Extents => Patch?.Extents ?? Full;
}

/// <summary>A full segment and the patches over it, put together from the newest down. What a generation needs of it is every chunk of the
/// chain, and the chunks of the extents that show in the end; those that a patch covers may be gone.</summary>
internal sealed class SegmentChain
{
    private readonly List<ChunkId> _ids = [];
    private readonly List<SegmentPatch> _patches = [];
    private Extent[]? _full;

    /// <summary>Its chunks, the newest patch first, the full segment last.</summary>
    public IReadOnlyList<ChunkId> Ids => _ids;

    /// <summary>Whether the full segment was reached.</summary>
    public bool IsComplete => _full is not null;

    /// <summary>What to read next. Precondition: a patch was added last.</summary>
    public ChunkId Base => _patches[^1].Base;

    /// <summary>The full segment's chunk. Precondition: complete.</summary>
    public ChunkId Root => _ids[^1];

    /// <summary>Extents of the full segment. Precondition: complete.</summary>
    public int FullExtents => _full!.Length;

    /// <summary>Adds the next chunk on the way down.</summary>
    /// <exception cref="PackFormatException">It does not belong there.</exception>
    public void Add(ChunkId id, SegmentPart part)
    {
        if (_patches.Count > 0)
        {
            PackFormatException.Require((part.Patch?.Depth ?? 0) == _patches[^1].Depth - 1, 0, $"it has depth {part.Patch?.Depth ?? 0} under a patch of depth {_patches[^1].Depth}");
        }

        _ids.Add(id);
        if (part.Patch is { } patch)
        {
            _patches.Add(patch);
        }
        else
        {
            _full = part.Full;
        }
    }

    /// <summary>Paints the patches, without the full segment, over what is there.</summary>
    public void PaintPatches(SegmentCanvas canvas)
    {
        foreach (var patch in Enumerable.Reverse(_patches))
        {
            patch.ApplyTo(canvas);
        }
    }

    /// <summary>Paints all of it on an empty canvas.</summary>
    public void Paint(SegmentCanvas canvas)
    {
        canvas.Reset();
        foreach (var extent in _full!)
        {
            canvas.Paint(extent);
        }

        PaintPatches(canvas);
    }

    /// <summary>The extents that show in the end, ascending.</summary>
    public IReadOnlyList<Extent> Resolve()
    {
        if (_patches.Count == 0)
        {
            return _full!;
        }

        var canvas = new SegmentCanvas();
        Paint(canvas);
        return canvas.ToExtents();
    }
}
