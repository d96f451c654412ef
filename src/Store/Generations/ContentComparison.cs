using Checkpointer.Store.Chunking;

namespace Checkpointer.Store.Generations;

/// <summary>
/// Which pages of a content differ between two generations. Tables and segments with the same name are the same, so it costs what changed. Pages that have other chunks are
/// compared byte by byte: the same page may have come in a chunk of other neighbours. One thread.
/// </summary>
internal sealed class ContentComparison
{
    private readonly MapReader _maps;
    private readonly ChunkCache _before;
    private readonly ChunkCache _after;
    private readonly List<ChangedRange> _ranges = [];

    public ContentComparison(StoreContext store)
    {
        var chunks = new ChunkReader(store);
        _maps = new MapReader(chunks);
        _before = new ChunkCache(chunks);
        _after = new ChunkCache(chunks);
    }

    /// <summary>Compares. A content that one of them lacks is empty there.</summary>
    public IReadOnlyList<ChangedRange> Run(ContentEntry? before, ContentEntry? after)
    {
        foreach (var (table, old, young) in Pairs(Tables(before), Tables(after)))
        {
            foreach (var (slot, oldSegment, youngSegment) in Pairs(Segments(old), Segments(young)))
            {
                Compare((table * Geometry.TablePages) + (slot * Geometry.SegmentPages), oldSegment, youngSegment);
            }
        }

        return _ranges;
    }

    private static Dictionary<ulong, ChunkId> Tables(ContentEntry? content) => content?.Tables.ToDictionary(table => table.Index, table => table.Chunk) ?? [];

    private Dictionary<ulong, ChunkId> Segments(ChunkId? table)
        => table is { } id ? _maps.Table(id).ToDictionary(segment => (ulong)segment.Key, segment => segment.Value.Chunk) : [];

    private static IEnumerable<(ulong Key, ChunkId? Before, ChunkId? After)> Pairs(Dictionary<ulong, ChunkId> before, Dictionary<ulong, ChunkId> after)
    {
        foreach (var key in before.Keys.Union(after.Keys).Order())
        {
            ChunkId? old = before.TryGetValue(key, out var oldId) ? oldId : null;
            ChunkId? young = after.TryGetValue(key, out var youngId) ? youngId : null;
            if (old != young)
            {
                yield return (key, old, young);
            }
        }
    }

    private void Compare(ulong firstPage, ChunkId? before, ChunkId? after)
    {
        var (old, young) = (Pages(before), Pages(after));
        for (var page = 0; page < Geometry.SegmentPages; page++)
        {
            if (old[page] != young[page] && !AreEqual(old[page], young[page]))
            {
                Add((firstPage + (ulong)page) * Geometry.PageBytes);
            }
        }
    }

    // Zero pages are never stored: what is there on one side only differs.
    private bool AreEqual(PagePlace? before, PagePlace? after)
        => before is { } old && after is { } young && Read(_before, old).Span.SequenceEqual(Read(_after, young).Span);

    private static ReadOnlyMemory<byte> Read(ChunkCache cache, PagePlace place)
    {
        var plain = cache.Read(place.Chunk);
        var start = place.Page * Geometry.PageBytes;
        return start + Geometry.PageBytes <= plain.Length
            ? plain.Slice(start, Geometry.PageBytes)
            : throw new CorruptChunkException(place.Chunk.ToString(), null, 0, $"a segment wants {start + Geometry.PageBytes} bytes of its {plain.Length}");
    }

    private PagePlace?[] Pages(ChunkId? segment)
    {
        var pages = new PagePlace?[Geometry.SegmentPages];
        if (segment is { } id)
        {
            foreach (var extent in _maps.Chain(id).Resolve())
            {
                for (var page = 0; page < extent.PageCount; page++)
                {
                    pages[extent.FirstPage + page] = new PagePlace(extent.Chunk, extent.ChunkPage + page);
                }
            }
        }

        return pages;
    }

    private void Add(ulong offset)
    {
        if (_ranges is [.., var last] && last.End == offset)
        {
            _ranges[^1] = last with { Bytes = last.Bytes + Geometry.PageBytes };
            return;
        }

        _ranges.Add(new ChangedRange(offset, Geometry.PageBytes));
    }

    private readonly record struct PagePlace(ChunkId Chunk, int Page);
}
