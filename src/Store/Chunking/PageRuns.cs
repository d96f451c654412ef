namespace Checkpointer.Store.Chunking;

/// <summary>Cuts written pages into runs: zero pages, which are never stored, and data.</summary>
internal static class PageRuns
{
    /// <summary>Length in pages of the first run of <paramref name="pages"/>: as many as are zero, or are not.</summary>
    public static int Next(ReadOnlySpan<byte> pages, out bool isZero)
    {
        var count = pages.Length / Geometry.PageBytes;
        isZero = IsZero(Page(pages, 0));
        var run = 1;
        while (run < count && IsZero(Page(pages, run)) == isZero)
        {
            run++;
        }

        return run;
    }

    /// <summary>How many pages are zero before the first that is not.</summary>
    public static int Zeros(ReadOnlySpan<byte> pages)
    {
        var data = pages.IndexOfAnyExcept((byte)0);
        return (data < 0 ? pages.Length : data) / Geometry.PageBytes;
    }

    /// <summary>How many of <paramref name="count"/> pages from <paramref name="firstPage"/> on lie in its window.</summary>
    public static int InWindow(ulong firstPage, ulong count)
        => (int)Math.Min(count, Geometry.WindowPages - (firstPage % Geometry.WindowPages));

    private static ReadOnlySpan<byte> Page(ReadOnlySpan<byte> pages, int index)
        => pages.Slice(index * Geometry.PageBytes, Geometry.PageBytes);

    // Vectorised, and stops at the first non-zero vector.
    private static bool IsZero(ReadOnlySpan<byte> page) => !page.ContainsAnyExcept((byte)0);
}
