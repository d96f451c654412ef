using Checkpointer.Store.Chunking;
using Checkpointer.Store.Generations;
using Checkpointer.Store.Index;
using Checkpointer.Store.Packs;

namespace Checkpointer.Store.Maintenance;

/// <summary>
/// Overview. Marks what generations need: manifest, images, tables, every chunk of each segment's chain, and the data that shows in the end. Each chunk of a map is read
/// once, however many generations share it: where a chain reaches a patch that a generation before ended with, everything that shows of that one is marked already, so only what shows
/// of the patches above it is. Nothing may be removed by marks that are not complete: a map that cannot be read ends the walk. One thread.
/// </summary>
internal sealed class LiveWalk(StoreContext store, ChunkMarks marks, CancellationToken cancellation)
{
    private readonly MapReader _maps = new(new ChunkReader(store));
    private readonly SegmentCanvas _canvas = new();

    /// <summary>Packs that the manifests of the generations say were published before their own.</summary>
    public HashSet<PackId> EarlierPacks { get; } = [];

    /// <summary>Marks what one generation needs.</summary>
    /// <exception cref="StoreException">Corrupt: it cannot be known what the generation needs.</exception>
    public void Walk(GenerationRow generation)
    {
        try
        {
            Mark([generation.Manifest]);
            var manifest = _maps.Manifest(generation.Manifest, generation.Record.Name);
            EarlierPacks.UnionWith(manifest.EarlierPacks);
            foreach (var image in manifest.Images)
            {
                Mark(image.Pieces);
            }

            foreach (var table in manifest.Contents.SelectMany(content => content.Tables))
            {
                WalkTable(table.Chunk);
            }
        }
        catch (StoreException exception) when (exception.Reason == StoreFailure.Corrupt)
        {
            throw new StoreException(
                StoreFailure.Corrupt, $"generation {generation.Record.Name} is damaged, so it is not known what it needs: {exception.Message}",
                $"'checkpointer forget {generation.Record.Name}' first, if it cannot be saved", exception);
        }
    }

    private void WalkTable(ChunkId id)
    {
        cancellation.ThrowIfCancellationRequested();
        var place = PlaceOf(id);
        marks.Mark(place);
        if (marks.IsWalked(place))
        {
            return;
        }

        foreach (var segment in _maps.Table(id).Values)
        {
            WalkSegment(segment.Chunk);
        }

        marks.SetWalked(place);
    }

    private void WalkSegment(ChunkId id)
    {
        cancellation.ThrowIfCancellationRequested();
        var head = PlaceOf(id);
        if (marks.IsWalked(head))
        {
            return;
        }

        var chain = new SegmentChain();
        for (var (at, place) = (id, head); ; (at, place) = (chain.Base, PlaceOf(chain.Base)))
        {
            if (marks.IsWalked(place))
            {
                break;
            }

            marks.Mark(place);
            _maps.Extend(chain, at);
            if (chain.IsComplete)
            {
                break;
            }
        }

        Mark(Showing(chain).Select(extent => extent.Chunk));
        marks.SetWalked(head);
    }

    private IReadOnlyList<Extent> Showing(SegmentChain chain)
    {
        if (chain.IsComplete)
        {
            return chain.Resolve();
        }

        _canvas.Reset();
        chain.PaintPatches(_canvas);
        return _canvas.ToExtents();
    }

    // A chunk that no pack holds is lost, whatever is removed; the generation's other chunks are not.
    private void Mark(IEnumerable<ChunkId> ids)
    {
        ChunkId[] wanted = [.. ids];
        foreach (var place in store.Index.RunChunks(chunks => chunks.FindPlaces(wanted)))
        {
            if (place is { } known)
            {
                marks.Mark(known);
            }
        }
    }

    private ChunkPlace PlaceOf(ChunkId id)
        => store.Index.RunChunks(chunks => chunks.FindPlaces([id]))[0]
            ?? throw new CorruptChunkException(id.ToString(), null, 0, "the index knows no pack that holds it");
}
