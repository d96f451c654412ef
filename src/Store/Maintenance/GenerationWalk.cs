using Checkpointer.Store.Chunking;
using Checkpointer.Store.Generations;
using Checkpointer.Store.Index;

namespace Checkpointer.Store.Maintenance;

/// <summary>
/// Follows a generation from its manifest to its last chunk and tells the damage which generation it spoils. Tables and segments
/// that generations share are followed once: what was bad below them is remembered.
/// </summary>
/// <param name="store">The store.</param>
/// <param name="book">Where damage is entered.</param>
/// <param name="prove">Proves the chunk at a place.</param>
/// <param name="sound">A short cut where all packs are proved already, else null.</param>
/// <param name="cancellation">Stops between chunks.</param>
internal sealed class GenerationWalk(StoreContext store, DamageBook book, Action<ChunkLocation> prove, SoundSegments? sound, CancellationToken cancellation)
{
    private readonly MapReader _maps = new(new ChunkReader(store));
    private readonly Dictionary<ChunkId, IReadOnlyCollection<DamageDraft>> _below = [];

    /// <summary>Walks one generation.</summary>
    public void Walk(GenerationRow generation)
    {
        var found = new HashSet<DamageDraft>(Check(generation.Manifest, out _));
        var manifest = Read(generation.Manifest, found, id => _maps.Manifest(id, generation.Record.Name));
        foreach (var image in manifest?.Images ?? [])
        {
            WalkImage(image, found);
        }

        foreach (var table in manifest?.Contents.SelectMany(content => content.Tables) ?? [])
        {
            found.UnionWith(Below(table.Chunk, WalkTable));
        }

        foreach (var draft in found)
        {
            draft.Spoils(generation.Record.Name);
        }
    }

    private void WalkImage(ImageEntry image, HashSet<DamageDraft> found)
    {
        var rest = image.Bytes;
        foreach (var piece in image.Pieces)
        {
            var expected = Math.Min(rest, Geometry.ChunkBytesMax);
            found.UnionWith(Check(piece, out var plainBytes));
            if (plainBytes is { } actual && actual != expected)
            {
                book.AddChunk(piece, null, null, $"image '{image.Name}' wants {expected} bytes of its {actual}");
                found.UnionWith(book.Of(piece, null));
            }

            rest -= expected;
        }
    }

    private void WalkTable(ChunkId table, HashSet<DamageDraft> found)
    {
        foreach (var segment in Read(table, found, _maps.Table)?.Values ?? Enumerable.Empty<SegmentEntry>())
        {
            found.UnionWith(Below(segment.Chunk, WalkSegment));
        }
    }

    // Every chunk of the chain, and of the data only what shows in the end: what patches cover may be gone or bad.
    private void WalkSegment(ChunkId segment, HashSet<DamageDraft> found)
    {
        if (sound is not null && sound.Contains(segment))
        {
            return;
        }

        if (ReadChain(segment, found) is not { } chain)
        {
            return;
        }

        foreach (var extent in chain.Resolve())
        {
            found.UnionWith(Check(extent.Chunk, out var plainBytes));
            var end = (extent.ChunkPage + extent.PageCount) * Geometry.PageBytes;
            if (plainBytes is { } actual && end > actual)
            {
                book.AddChunk(extent.Chunk, null, null, $"segment {segment} wants {end} bytes of its {actual}");
                found.UnionWith(book.Of(extent.Chunk, null));
            }
        }
    }

    // Precondition: the first chunk was checked.
    private SegmentChain? ReadChain(ChunkId segment, HashSet<DamageDraft> found)
    {
        var chain = Read(segment, found, id => _maps.Extend(new SegmentChain(), id));
        while (chain is { IsComplete: false } open)
        {
            found.UnionWith(Check(open.Base, out _));
            chain = Read(open.Base, found, id => _maps.Extend(open, id));
        }

        return chain;
    }

    private IReadOnlyCollection<DamageDraft> Below(ChunkId id, Action<ChunkId, HashSet<DamageDraft>> walk)
    {
        cancellation.ThrowIfCancellationRequested();
        if (!_below.TryGetValue(id, out var drafts))
        {
            var found = new HashSet<DamageDraft>(Check(id, out _));
            walk(id, found);
            drafts = found.Count == 0 ? [] : found;
            _below.Add(id, drafts);
        }

        return drafts;
    }

    // What is bad about one chunk; its size where the index knows it.
    private IEnumerable<DamageDraft> Check(ChunkId id, out int? plainBytes)
    {
        var location = store.Index.RunChunks(chunks => chunks.Find(id));
        plainBytes = location?.Entry.PlainBytes;
        if (location is null)
        {
            book.AddMissing(id);
            return book.Of(id, null);
        }

        prove(location.Value);
        return book.Of(id, location.Value.Pack);
    }

    // Damage that made it unreadable is in the book by now; what only its contents show is entered here.
    private T? Read<T>(ChunkId id, HashSet<DamageDraft> found, Func<ChunkId, T> read)
        where T : class
    {
        try
        {
            return read(id);
        }
        catch (StoreException exception) when (exception.Reason is StoreFailure.Corrupt or StoreFailure.UnsupportedVersion)
        {
            if (found.Count == 0)
            {
                book.AddChunk(id, null, null, exception.Message);
                found.UnionWith(book.Of(id, null));
            }

            return null;
        }
    }
}
