namespace Checkpointer.Engine.Tracking;

/// <summary>
/// Write protection through userfaultfd and PAGEMAP_SCAN (Linux 6.7). Only populated pages are protected: one that is populated later is not, and counts
/// as written. So do all pages of a mapping that is new, moved or replaced.
/// </summary>
/// <remarks>Every mapping is registered again at each freeze: that costs nothing where it is ours already, and fails where it is another tracker's. A
/// scan alone would not notice: it reads and resets the bits of whoever protected the pages.</remarks>
internal sealed class WriteProtectTracker(Userfault userfault) : ITracker
{
    private PageSet _watched = PageSet.Empty;

    /// <inheritdoc/>
    public string Name => "write-protect";

    /// <inheritdoc/>
    public bool IsLive => true;

    /// <inheritdoc/>
    public bool IsAlive => userfault.IsAlive;

    /// <summary>All but memory of a kind that the kernel cannot watch, or that another tracker watches.</summary>
    public PageSet Watch(IReadOnlyList<PrivateMapping> mappings)
    {
        var watched = new List<PageRange>(mappings.Count);
        for (var first = 0; first < mappings.Count;)
        {
            var end = EndOfNeighbours(mappings, first);
            var areOurs = userfault.TryRegister(new PageRange(mappings[first].Range.Start, mappings[end - 1].Range.End));
            for (; first < end; first++)
            {
                if (areOurs || userfault.TryRegister(mappings[first].Range))
                {
                    watched.Add(mappings[first].Range);
                }
            }
        }

        return _watched = PageSet.Of(watched);
    }

    /// <inheritdoc/>
    public void TakeWritten(IReadOnlyList<PrivateMapping> mappings, PageMap pages, List<PageRange> written)
    {
        foreach (var mapping in mappings)
        {
            foreach (var range in _watched.Within(mapping.Range))
            {
                TakeWritten(mapping with { Range = range }, pages, written);
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose() => userfault.Dispose();

    /// <summary>Mappings without a hole between them are registered by one request.</summary>
    private static int EndOfNeighbours(IReadOnlyList<PrivateMapping> mappings, int first)
    {
        var end = first + 1;
        while (end < mappings.Count && mappings[end].Range.Start == mappings[end - 1].Range.End)
        {
            end++;
        }

        return end;
    }

    private static void TakeWritten(PrivateMapping mapping, PageMap pages, List<PageRange> written)
    {
        var isWhole = false;
        try
        {
            isWhole = pages.TryTakeWritten(mapping, written);
        }
        finally
        {
            if (!isWhole)
            {
                // While the process runs, a part may have been replaced just now, which ends the scan: it has reset pages that it did not report.
                written.Add(mapping.Range);
            }
        }
    }
}
