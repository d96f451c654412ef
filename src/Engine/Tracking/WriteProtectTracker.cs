namespace Checkpointer.Engine.Tracking;

/// <summary>
/// Write protection through userfaultfd and PAGEMAP_SCAN (Linux 6.7). Only populated pages are protected: one that is populated later is not, and counts
/// as written. So do all pages of a mapping that is new, moved or replaced.
/// </summary>
/// <remarks>Every mapping is registered again before it is asked: that costs nothing where it is ours already, and fails where it is another tracker's. A
/// scan alone would not notice: it reads and resets the bits of whoever protected the pages.</remarks>
internal sealed class WriteProtectTracker(Userfault userfault) : ITracker
{
    /// <inheritdoc/>
    public string Name => "write-protect";

    /// <inheritdoc/>
    public bool IsLive => true;

    /// <inheritdoc/>
    public bool IsAlive => userfault.IsAlive;

    /// <inheritdoc/>
    public void TakeWritten(IReadOnlyList<PrivateMapping> mappings, PageMap pages, List<PageRange> written)
    {
        for (var first = 0; first < mappings.Count;)
        {
            var end = EndOfNeighbours(mappings, first);
            var areOurs = userfault.TryRegister(new PageRange(mappings[first].Range.Start, mappings[end - 1].Range.End));
            for (; first < end; first++)
            {
                var isOurs = areOurs || userfault.TryRegister(mappings[first].Range);
                if (!isOurs || !TryTakeWritten(mappings[first], pages, written))
                {
                    // Memory of a kind that the kernel cannot watch, or that another tracker watches; or, while the process runs, a mapping that was
                    // replaced in part just now: then pages of the other part were reset without being reported.
                    pages.AddOwnPages(mappings[first], written);
                }
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

    private static bool TryTakeWritten(PrivateMapping mapping, PageMap pages, List<PageRange> written)
    {
        try
        {
            return pages.TryTakeWritten(mapping, written);
        }
        catch
        {
            // It has reset pages that it did not report; the caller keeps what it is told here.
            written.Add(mapping.Range);
            throw;
        }
    }
}
