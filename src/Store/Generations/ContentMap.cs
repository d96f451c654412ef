using Checkpointer.Store.Chunking;

namespace Checkpointer.Store.Generations;

/// <summary>
/// Overview. The map of one content while it is written: the base's tables, read only where something below them changes, and per
/// segment the writes and clears in order. Chunk ids become known when the pipeline has been drained; then <see cref="Build"/>
/// has changed segments stored as <see cref="SegmentBuilder"/> sees fit, and tables. Untouched ones keep their old names.
/// Costs some 90 bytes per chunk written until that goes to the scratch file. One thread.
/// </summary>
internal sealed class ContentMap
{
    /// <summary>Chains shorter than this are left alone: reading a few small chunks costs little.</summary>
    private const int ChainMin = 8;

    /// <summary>Share of a generation's data that may be spent on shortening chains. With 1 % of the pages changing at random all chains stay
    /// under some 30 patches by it.</summary>
    private const int ShorteningPercent = 3;

    /// <summary>The same where little changes, per GiB of content.</summary>
    private const int ShorteningBytesPerTable = 8 << 10;

    private readonly MapReader _reader;
    private readonly ChangeScratch _scratch;
    private readonly Dictionary<ulong, ContentTable> _tables = [];
    private readonly Dictionary<ulong, SegmentChanges> _changes = [];

    /// <summary>Begins with the tables of the base generation, none without one.</summary>
    public ContentMap(MapReader reader, ChangeScratch scratch, IEnumerable<TableEntry> baseTables)
    {
        _reader = reader;
        _scratch = scratch;
        foreach (var table in baseTables)
        {
            _tables.Add(table.Index, new ContentTable(table.Chunk));
        }
    }

    /// <summary>Puts a chunk at a page. Precondition: it does not cross a window.</summary>
    public void Write(ulong firstPage, int pageCount, PendingChunk chunk)
        => ChangesOf(firstPage / Geometry.SegmentPages).Add(
            new SegmentChange((ushort)(firstPage % Geometry.SegmentPages), (ushort)pageCount, chunk));

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

    /// <summary>Moves the changes to the scratch file. Precondition: the pipeline is drained.</summary>
    public void PutAside()
    {
        foreach (var changes in _changes.Values)
        {
            changes.PutAside(_scratch);
        }
    }

    /// <summary>Stores changed segments and tables and returns the populated tables, ascending.</summary>
    public List<TableEntry> Build(MapStore store)
    {
        var builder = new SegmentBuilder(_reader, store);
        var shortened = ChainsToShorten();
        foreach (var (segment, changes) in _changes.OrderBy(pair => pair.Key))
        {
            var (table, slot) = Place(segment);
            table.Set(slot, builder.Build(table.Find(_reader, slot), changes.All(_scratch), shortened.Contains(segment)));
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

    // The longest chains first, for a share of what the generation adds anyway: so no generation pays for all that came before it.
    private HashSet<ulong> ChainsToShorten()
    {
        var candidates = new List<(ulong Segment, int Depth, int Bytes)>();
        long pages = 0;
        foreach (var (segment, changes) in _changes)
        {
            pages += changes.PagesWritten;
            var (table, slot) = Place(segment);
            if (table.Find(_reader, slot) is { } old && old.Depth >= ChainMin)
            {
                candidates.Add((segment, old.Depth, SegmentBuilder.ShorteningBytes(old, changes.Count)));
            }
        }

        var budget = (pages * Geometry.PageBytes * ShorteningPercent / 100) + (_tables.Count * ShorteningBytesPerTable);
        var chosen = new HashSet<ulong>();
        foreach (var (segment, depth, bytes) in candidates.OrderByDescending(candidate => candidate.Depth).ThenBy(candidate => candidate.Segment))
        {
            if (budget > 0 || depth == MapFormat.DepthMax)
            {
                chosen.Add(segment);
                budget -= bytes;
            }
        }

        return chosen;
    }

    private (ContentTable Table, int Slot) Place(ulong segment)
    {
        var index = segment / Geometry.TableSegments;
        if (!_tables.TryGetValue(index, out var table))
        {
            table = new ContentTable(null);
            _tables.Add(index, table);
        }

        return (table, (int)(segment % Geometry.TableSegments));
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
                ChangesOf(segment).AddClear((int)(firstPage % Geometry.SegmentPages), (int)(stop - firstPage));
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

    private SegmentChanges ChangesOf(ulong segment)
    {
        if (!_changes.TryGetValue(segment, out var changes))
        {
            changes = new SegmentChanges();
            _changes.Add(segment, changes);
        }

        return changes;
    }
}
