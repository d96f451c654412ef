namespace Checkpointer.Store.Generations;

/// <summary>Writes and clears of one segment, in order: the older ones possibly in the scratch file, the younger ones in memory.</summary>
internal sealed class SegmentChanges
{
    private readonly List<ScratchRun> _aside = [];
    private readonly List<SegmentChange> _recent = [];

    /// <summary>How many there are.</summary>
    public int Count { get; private set; }

    /// <summary>Pages that they write, those written twice counted twice.</summary>
    public long PagesWritten { get; private set; }

    /// <summary>Adds a write.</summary>
    public void Add(SegmentChange change)
    {
        _recent.Add(change);
        Count++;
        PagesWritten += change.PageCount;
    }

    /// <summary>Adds a clear. Zero pages come window by window: neighbours become one change.</summary>
    public void AddClear(int firstPage, int pageCount)
    {
        if (_recent is [.., { Chunk: null } last] && last.FirstPage + last.PageCount == firstPage)
        {
            _recent[^1] = last with { PageCount = (ushort)(last.PageCount + pageCount) };
            return;
        }

        _recent.Add(new SegmentChange((ushort)firstPage, (ushort)pageCount, null));
        Count++;
    }

    /// <summary>Moves those in memory to the scratch file. Precondition: the names of their chunks are known.</summary>
    public void PutAside(ChangeScratch scratch)
    {
        if (_recent.Count > 0)
        {
            _aside.Add(scratch.Write(_recent));
            _recent.Clear();
            _recent.Capacity = 0;
        }
    }

    /// <summary>All of them, in order.</summary>
    public IReadOnlyList<SegmentChange> All(ChangeScratch scratch)
        => _aside.Count == 0 ? _recent : [.. _aside.SelectMany(scratch.Read), .. _recent];
}
