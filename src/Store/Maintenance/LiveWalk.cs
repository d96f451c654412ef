using Checkpointer.Store.Chunking;
using Checkpointer.Store.Generations;
using Checkpointer.Store.Index;

namespace Checkpointer.Store.Maintenance;

/// <summary>
/// Overview. Marks what generations need: manifest, images, tables, every chunk of each segment's chain, and the data that shows in the end. Each chunk of a map is read
/// once, however many generations share it: where a chain reaches a patch that a generation before ended with, everything that shows of that one is marked already, so only what shows
/// of the patches above it is. All chains of a table are followed together, a chunk of each at a time, so that their places are asked for together. Nothing may be removed by marks that
/// are not complete: a map that cannot be read ends the walk. One thread.
/// </summary>
internal sealed class LiveWalk
{
    private readonly ChunkMarks _marks;
    private readonly CancellationToken _cancellation;
    private readonly ChunkReader _chunks;
    private readonly MapReader _maps;
    private readonly MarkQueue _queue;
    private readonly SegmentCanvas _canvas = new();

    public LiveWalk(StoreContext store, ChunkMarks marks, CancellationToken cancellation)
    {
        _marks = marks;
        _cancellation = cancellation;
        _chunks = new ChunkReader(store);
        _maps = new MapReader(_chunks);
        _queue = new MarkQueue(store, marks);
    }

    /// <summary>Packs that the manifests of the generations say were published before their own.</summary>
    public HashSet<Packs.PackId> EarlierPacks { get; } = [];

    /// <summary>Marks what one generation needs; complete only after <see cref="Finish"/>.</summary>
    /// <exception cref="StoreException">Corrupt: it cannot be known what the generation needs.</exception>
    public void Walk(GenerationRow generation)
    {
        try
        {
            _queue.Add(generation.Manifest);
            var manifest = _maps.Manifest(generation.Manifest, generation.Record.Name);
            EarlierPacks.UnionWith(manifest.EarlierPacks);
            foreach (var piece in manifest.Images.SelectMany(image => image.Pieces))
            {
                _queue.Add(piece);
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

    /// <summary>Marks what was put off. Postcondition: the marks say all that the walked generations need.</summary>
    public void Finish() => _queue.Flush();

    private void WalkTable(ChunkId id)
    {
        _cancellation.ThrowIfCancellationRequested();
        var place = PlacesOf([id])[0];
        _marks.Mark(place);
        if (_marks.IsWalked(place))
        {
            return;
        }

        List<SegmentWalk> walks = [.. _maps.Table(id).Values.Select(segment => segment.Chunk).Distinct().Select(head => new SegmentWalk(head))];
        for (var open = walks; open.Count > 0;)
        {
            _cancellation.ThrowIfCancellationRequested();
            open = Descend(open);
        }

        foreach (var walk in walks)
        {
            MarkShowing(walk);
        }

        _marks.SetWalked(place);
    }

    // One chunk further down in each chain; returns those that go on.
    private List<SegmentWalk> Descend(List<SegmentWalk> open)
    {
        var unwalked = new List<SegmentWalk>();
        foreach (var (walk, place) in open.Zip(PlacesOf([.. open.Select(walk => walk.Next)])))
        {
            if (!_marks.IsWalked(place))
            {
                walk.Head ??= place;
                _marks.Mark(place);
                unwalked.Add(walk);
            }
        }

        _chunks.Expect(unwalked.Select(walk => walk.Next));
        unwalked.ForEach(walk => _maps.Extend(walk.Chain, walk.Next));
        return [.. unwalked.Where(walk => !walk.Chain.IsComplete)];
    }

    private void MarkShowing(SegmentWalk walk)
    {
        if (walk.Head is { } head)
        {
            foreach (var extent in Showing(walk.Chain))
            {
                _queue.Add(extent.Chunk);
            }

            _marks.SetWalked(head);
        }
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

    private List<ChunkPlace> PlacesOf(IReadOnlyCollection<ChunkId> ids)
        => [.. ids.Zip(_queue.PlacesOf(ids), (id, place) => place ?? throw new CorruptChunkException(id.ToString(), null, 0, "the index knows no pack that holds it"))];

    private sealed class SegmentWalk(ChunkId head)
    {
        public SegmentChain Chain { get; } = new();

        /// <summary>Where the first chunk is; null while it is not known to be new to us.</summary>
        public ChunkPlace? Head { get; set; }

        public ChunkId Next => Chain.Ids.Count == 0 ? head : Chain.Base;
    }
}
