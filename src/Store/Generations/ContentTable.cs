using Checkpointer.Store.Chunking;
using Checkpointer.Store.Packs;

namespace Checkpointer.Store.Generations;

/// <summary>One table of a content being written: a name until something below it changes, then its segments.</summary>
internal sealed class ContentTable(ChunkId? stored)
{
    private SortedDictionary<int, SegmentEntry>? _segments = stored is null ? [] : null;
    private bool _isChanged = stored is null;

    /// <summary>Its segments, read when first asked for.</summary>
    public SortedDictionary<int, SegmentEntry> Segments(MapReader reader) => _segments ??= reader.Table(stored!.Value);

    /// <summary>One of its segments, or null.</summary>
    public SegmentEntry? Find(MapReader reader, int slot) => Segments(reader).TryGetValue(slot, out var segment) ? segment : null;

    /// <summary>Replaces or removes a segment. Precondition: the segments were read.</summary>
    public void Set(int slot, SegmentEntry? segment)
    {
        var segments = _segments!;
        if (segment is null)
        {
            _isChanged |= segments.Remove(slot);
            return;
        }

        _isChanged |= !segments.TryGetValue(slot, out var old) || old != segment;
        segments[slot] = segment.Value;
    }

    /// <summary>Removes segments <paramref name="from"/> up to but not including <paramref name="to"/>.</summary>
    public void Remove(MapReader reader, int from, int to)
    {
        foreach (var slot in Segments(reader).Keys.Where(slot => slot >= from && slot < to).ToList())
        {
            Set(slot, null);
        }
    }

    /// <summary>Stores it if it changed; null when it is empty.</summary>
    public ChunkId? Store(MapStore store)
    {
        if (!_isChanged)
        {
            return stored;
        }

        return _segments!.Count == 0 ? null : store(ChunkKind.Table, TableCodec.Encode(_segments));
    }
}
