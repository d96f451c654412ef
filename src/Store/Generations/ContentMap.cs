using Checkpointer.Store.Chunking;
using Checkpointer.Store.Packs;

namespace Checkpointer.Store.Generations;

/// <summary>
/// Overview. The map of one content while it is written: the base's tables, read only where something below them changes, and per
/// segment the writes and clears in order. Chunk ids become known when the pipeline has been drained; then <see cref="Build"/>
/// paints base and changes over one another, and stores segments and tables. Untouched ones keep their old names.
/// Costs some 60 bytes per chunk written, 0.1 % of the memory dumped. One thread.
/// </summary>
internal sealed class ContentMap
{
    private readonly MapReader _reader;
    private readonly Dictionary<ulong, ContentTable> _tables = [];
    private readonly Dictionary<ulong, List<Change>> _changes = [];

    /// <summary>Begins with the tables of the base generation, none without one.</summary>
    public ContentMap(MapReader reader, IEnumerable<TableEntry> baseTables)
    {
        _reader = reader;
        foreach (var table in baseTables)
        {
            _tables.Add(table.Index, new ContentTable(table.Chunk));
        }
    }

    /// <summary>Puts a chunk at a page. Precondition: it does not cross a window.</summary>
    public void Write(ulong firstPage, int pageCount, PendingChunk chunk)
        => ChangesOf(firstPage / Geometry.SegmentPages).Add(
            new Change((ushort)(firstPage % Geometry.SegmentPages), (ushort)pageCount, chunk));

    /// <summary>Makes pages zero. Costs what exists in the range, not its length: ranges of 2^47 bytes are usual.</summary>
    public void Clear(ulong firstPage, ulong pageCount)
    {
        var end = firstPage + pageCount;
        var firstWhole = (firstPage + Geometry.SegmentPages - 1) / Geometry.SegmentPages;
        var endWhole = end / Geometry.SegmentPages;
        if (firstWhole >= endWhole)
        {
            ClearParts(firstPage, end);
            return;
        }

        ClearParts(firstPage, firstWhole * Geometry.SegmentPages);
        ClearSegments(firstWhole, endWhole);
        ClearParts(endWhole * Geometry.SegmentPages, end);
    }

    /// <summary>Stores changed segments and tables and returns the populated tables, ascending.</summary>
    public List<TableEntry> Build(Func<ChunkKind, byte[], ChunkId> store)
    {
        var canvas = new SegmentCanvas();
        foreach (var (segment, changes) in _changes.OrderBy(pair => pair.Key))
        {
            BuildSegment(canvas, segment, changes, store);
        }

        _changes.Clear();
        var entries = new List<TableEntry>();
        foreach (var (index, table) in _tables.OrderBy(pair => pair.Key))
        {
            if (table.Store(store) is { } chunk)
            {
                entries.Add(new TableEntry(index, chunk));
            }
        }

        return entries;
    }

    private void BuildSegment(SegmentCanvas canvas, ulong segment, List<Change> changes, Func<ChunkKind, byte[], ChunkId> store)
    {
        var tableIndex = segment / Geometry.TableSegments;
        var slot = (int)(segment % Geometry.TableSegments);
        if (!_tables.TryGetValue(tableIndex, out var table))
        {
            table = new ContentTable(null);
            _tables.Add(tableIndex, table);
        }

        canvas.Reset();
        var segments = table.Segments(_reader);
        if (segments.TryGetValue(slot, out var old))
        {
            foreach (var extent in _reader.Segment(old))
            {
                canvas.Paint(extent);
            }
        }

        foreach (var change in changes)
        {
            change.ApplyTo(canvas);
        }

        var extents = canvas.ToExtents();
        table.Set(slot, extents.Count == 0 ? null : store(ChunkKind.Segment, SegmentCodec.Encode(extents)));
    }

    // Pages of at most two neighbouring segments, neither of them whole.
    private void ClearParts(ulong firstPage, ulong end)
    {
        while (firstPage < end)
        {
            var segment = firstPage / Geometry.SegmentPages;
            var stop = Math.Min(end, (segment + 1) * Geometry.SegmentPages);
            if (_changes.ContainsKey(segment) || _tables.ContainsKey(segment / Geometry.TableSegments))
            {
                ChangesOf(segment).Add(new Change((ushort)(firstPage % Geometry.SegmentPages), (ushort)(stop - firstPage), null));
            }

            firstPage = stop;
        }
    }

    private void ClearSegments(ulong first, ulong end)
    {
        foreach (var segment in KeysWithin(_changes, first, end))
        {
            _changes.Remove(segment);
        }

        var firstTable = first / Geometry.TableSegments;
        var endTable = (end + Geometry.TableSegments - 1) / Geometry.TableSegments;
        foreach (var index in KeysWithin(_tables, firstTable, endTable))
        {
            var start = index * Geometry.TableSegments;
            if (first <= start && start + Geometry.TableSegments <= end)
            {
                _tables.Remove(index);
                continue;
            }

            var from = (int)(Math.Max(first, start) - start);
            var to = (int)(Math.Min(end, start + Geometry.TableSegments) - start);
            _tables[index].Remove(_reader, from, to);
        }
    }

    private static List<ulong> KeysWithin<T>(Dictionary<ulong, T> dictionary, ulong first, ulong end)
    {
        if (end - first > (ulong)dictionary.Count)
        {
            return [.. dictionary.Keys.Where(key => key >= first && key < end)];
        }

        var keys = new List<ulong>();
        for (var key = first; key < end; key++)
        {
            if (dictionary.ContainsKey(key))
            {
                keys.Add(key);
            }
        }

        return keys;
    }

    private List<Change> ChangesOf(ulong segment)
    {
        if (!_changes.TryGetValue(segment, out var changes))
        {
            changes = [];
            _changes.Add(segment, changes);
        }

        return changes;
    }

    /// <summary>A write, or a clear where the chunk is null, within one segment.</summary>
    private readonly record struct Change(ushort FirstPage, ushort PageCount, PendingChunk? Chunk)
    {
        public void ApplyTo(SegmentCanvas canvas)
        {
            if (Chunk is null)
            {
                canvas.Clear(FirstPage, PageCount);
            }
            else
            {
                canvas.Paint(new Extent(FirstPage, PageCount, 0, Chunk.Id));
            }
        }
    }
}
