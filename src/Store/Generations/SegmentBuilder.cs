using Checkpointer.Store.Chunking;
using Checkpointer.Store.Packs;

namespace Checkpointer.Store.Generations;

/// <summary>Stores a chunk of a map and returns its name.</summary>
internal delegate ChunkId MapStore(ChunkKind kind, byte[] bytes);

/// <summary>
/// Overview. Decides how a changed segment is stored. Its full list of extents can have 36 KB, as much as nine pages: written for
/// every page that changes it would cost more than the data. So a change that is much smaller than the list becomes a patch over
/// the segment as it was, usually without reading that. Chains of patches are shortened a few at a time, by whoever owns the budget:
/// into one patch over the same full segment while the patches are small beside it, else into a new full segment. One thread.
/// </summary>
internal sealed class SegmentBuilder(MapReader reader, MapStore store)
{
    /// <summary>A patch must save this many times its own size.</summary>
    private const int Gain = 2;

    /// <summary>Record header, trailer entry and index row of any chunk, about.</summary>
    private const int ChunkCostBytes = 200;

    private readonly SegmentCanvas _changes = new();
    private readonly SegmentCanvas _result = new();

    /// <summary>Stores a segment.</summary>
    /// <param name="old">What it was in the base generation, or null.</param>
    /// <param name="changes">Writes and clears, in order.</param>
    /// <param name="shortens">Whether a chain of patches shall become shorter.</param>
    /// <returns>What it is now; null when all of it is zero.</returns>
    public SegmentEntry? Build(SegmentEntry? old, IReadOnlyList<SegmentChange> changes, bool shortens)
    {
        _changes.Reset();
        foreach (var change in changes)
        {
            change.ApplyTo(_changes);
        }

        if (old is not { } was)
        {
            return StoreFull(_changes);
        }

        // Chunks that this generation is the first to have are changes for sure; anything else may be what was there before.
        var areNew = changes.All(change => change.Chunk is { IsNew: true });
        if (areNew && _changes.IsCovered)
        {
            return StoreFull(_changes);
        }

        return areNew && !shortens && AsPatch(was, was.ExtentsMax) is { } patch ? StorePatch(was, patch) : BuildOver(was, shortens);
    }

    /// <summary>Most bytes that shortening a segment's chain can cost.</summary>
    public static int ShorteningBytes(SegmentEntry segment, int changes)
        => ChunkCostBytes + (MapFormat.ExtentBytes * (IsSmall(segment.PatchExtents + changes, segment.FullExtents)
            ? segment.PatchExtents + changes
            : Math.Min(MapFormat.ExtentsMax, segment.ExtentsMax + (2 * changes))));

    private static bool IsSmall(int patchExtents, int fullExtents)
        => ChunkCostBytes + PatchCodec.BytesFor(patchExtents, 0) <= fullExtents * MapFormat.ExtentBytes / Gain;

    // With the segment as it was at hand.
    private SegmentEntry? BuildOver(SegmentEntry old, bool shortens)
    {
        var chain = reader.Chain(old.Chunk);
        chain.Paint(_result);
        _changes.KeepChangesOf(_result);
        if (_changes.IsUntouched)
        {
            return old;
        }

        var changes = new SegmentPatch(old.Chunk, old.Depth + 1, _changes.ToExtents(), _changes.ToClears());
        changes.ApplyTo(_result);
        var full = _result.ToExtents();
        if (!shortens && AsPatch(old, full.Count) is { } patch)
        {
            return StorePatch(old, patch);
        }

        _changes.Reset();
        chain.PaintPatches(_changes);
        changes.ApplyTo(_changes);
        var root = new SegmentEntry(chain.Root, 0, 0, chain.FullExtents);
        return shortens && full.Count > 0 && AsPatch(root, full.Count) is { } merged ? StorePatch(root, merged) : StoreFull(_result);
    }

    // The changes as a patch over a segment, or null where a full segment of so many extents is better.
    private SegmentPatch? AsPatch(SegmentEntry over, int fullExtents)
    {
        var (extents, clears) = (_changes.ToExtents(), _changes.ToClears());
        return over.Depth < MapFormat.DepthMax && IsSmall(extents.Count + clears.Count, fullExtents)
            ? new SegmentPatch(over.Chunk, over.Depth + 1, extents, clears)
            : null;
    }

    private SegmentEntry StorePatch(SegmentEntry over, SegmentPatch patch)
        => new(store(ChunkKind.Patch, PatchCodec.Encode(patch)), patch.Depth, over.PatchExtents + patch.Count, over.FullExtents);

    private SegmentEntry? StoreFull(SegmentCanvas canvas)
    {
        var extents = canvas.ToExtents();
        return extents.Count == 0 ? null : new SegmentEntry(store(ChunkKind.Segment, SegmentCodec.Encode(extents)), 0, 0, extents.Count);
    }
}
