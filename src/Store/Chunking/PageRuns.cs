namespace Checkpointer.Store.Chunking;

/// <summary>Cuts written pages into runs: zero pages, which are never stored, and data of at most one window.</summary>
internal static class PageRuns
{
    /// <summary>Length in pages of the first run of <paramref name="pages"/>, which begins at page <paramref name="firstPage"/>
    /// of its content. A data run ends at a zero page or at the end of its window; a zero run ends at the first non-zero page.</summary>
    public static int Next(ulong firstPage, ReadOnlySpan<byte> pages, out bool isZero)
    {
        var count = pages.Length / Geometry.PageBytes;
        isZero = IsZero(Page(pages, 0));
        var limit = isZero ? count : Math.Min(count, Geometry.WindowPages - (int)(firstPage % Geometry.WindowPages));
        var run = 1;
        while (run < limit && IsZero(Page(pages, run)) == isZero)
        {
            run++;
        }

        return run;
    }

    private static ReadOnlySpan<byte> Page(ReadOnlySpan<byte> pages, int index)
        => pages.Slice(index * Geometry.PageBytes, Geometry.PageBytes);

    // IndexOfAnyExcept is vectorised and stops at the first non-zero vector.
    private static bool IsZero(ReadOnlySpan<byte> page) => !page.ContainsAnyExcept((byte)0);
}
