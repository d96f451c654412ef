using Checkpointer.Store.Chunking;
using Checkpointer.Store.Generations;
using Checkpointer.Store.Index;

namespace Checkpointer.Store.Maintenance;

/// <summary>
/// Segments of which everything is good, also what patches cover. Generations share most of a chain, so each part of it is looked
/// at once; only where this says no it must be asked what shows in the end. Precondition: all packs are proved. Enters no damage.
/// </summary>
internal sealed class SoundSegments(StoreContext store, DamageBook book, CancellationToken cancellation)
{
    private readonly MapReader _maps = new(new ChunkReader(store));
    private readonly Dictionary<ChunkId, int> _depths = [];

    /// <summary>Whether the segment, or the patch and all below it, is good.</summary>
    public bool Contains(ChunkId id) => DepthOf(id) is not null;

    // Null when something is amiss.
    private int? DepthOf(ChunkId id)
    {
        if (_depths.TryGetValue(id, out var known))
        {
            return known;
        }

        if (!AreGood([new Extent(0, 0, 0, id)]) || Read(id) is not { } part)
        {
            return null;
        }

        var depth = part.Patch?.Depth ?? 0;
        var isSound = (part.Patch is null || DepthOf(part.Patch.Base) == depth - 1)
            && AreGood(part.Extents);
        if (!isSound)
        {
            return null;
        }

        _depths.Add(id, depth);
        return depth;
    }

    private SegmentPart? Read(ChunkId id)
    {
        try
        {
            return _maps.Part(id);
        }
        catch (StoreException exception) when (exception.Reason is StoreFailure.Corrupt or StoreFailure.UnsupportedVersion)
        {
            return null;
        }
    }

    private bool AreGood(IReadOnlyCollection<Extent> extents)
    {
        cancellation.ThrowIfCancellationRequested();
        var locations = store.Index.RunChunks(chunks => chunks.Find([.. extents.Select(extent => extent.Chunk)]));
        return extents.Zip(locations).All(pair => IsGood(pair.First, pair.Second));
    }

    private bool IsGood(Extent extent, ChunkLocation? location)
        => location is { } place && place.Entry.PlainBytes >= (extent.ChunkPage + extent.PageCount) * Geometry.PageBytes
            && !book.Of(extent.Chunk, place.Pack).Any();
}
