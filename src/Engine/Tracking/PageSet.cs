namespace Checkpointer.Engine.Tracking;

/// <summary>A set of pages as ascending ranges that neither touch nor overlap. Never changes; every operation costs the ranges of both sides.</summary>
internal sealed class PageSet
{
    private readonly List<PageRange> _ranges;

    private PageSet(List<PageRange> ranges) => _ranges = ranges;

    /// <summary>No page.</summary>
    public static PageSet Empty { get; } = new([]);

    /// <summary>The ranges.</summary>
    public IReadOnlyList<PageRange> Ranges => _ranges;

    /// <summary>True where there is no page.</summary>
    public bool IsEmpty => _ranges.Count == 0;

    /// <summary>Bytes of all pages.</summary>
    public long Bytes => _ranges.Sum(range => (long)range.Bytes);

    /// <summary>Takes ranges in any order; they may overlap.</summary>
    public static PageSet Of(List<PageRange> ranges)
    {
        for (var index = 1; index < ranges.Count; index++)
        {
            if (ranges[index].Start < ranges[index - 1].End)
            {
                ranges = [.. ranges];
                ranges.Sort((left, right) => left.Start.CompareTo(right.Start));
                break;
            }
        }

        var joined = new List<PageRange>(ranges.Count);
        foreach (var range in ranges)
        {
            Append(joined, range);
        }

        return new PageSet(joined);
    }

    /// <summary>The parts of the set within a range; costs those parts and a search, not the whole set.</summary>
    public IEnumerable<PageRange> Within(PageRange range)
    {
        for (var index = FirstEndingAfter(range.Start); index < _ranges.Count && _ranges[index].Start < range.End; index++)
        {
            yield return new PageRange(Math.Max(_ranges[index].Start, range.Start), Math.Min(_ranges[index].End, range.End));
        }
    }

    /// <summary>The set in pieces of at most so many bytes, a multiple of a page.</summary>
    public IEnumerable<PageRange> Pieces(int bytesMax)
    {
        foreach (var range in _ranges)
        {
            for (var start = range.Start; start < range.End; start += (ulong)bytesMax)
            {
                yield return new PageRange(start, Math.Min(range.End, start + (ulong)bytesMax));
            }
        }
    }

    /// <summary>Pages of either.</summary>
    public PageSet Union(PageSet other)
    {
        if (IsEmpty || other.IsEmpty)
        {
            return IsEmpty ? other : this;
        }

        var result = new List<PageRange>(_ranges.Count + other._ranges.Count);
        int left = 0, right = 0;
        while (left < _ranges.Count || right < other._ranges.Count)
        {
            var takesLeft = right == other._ranges.Count
                || (left < _ranges.Count && _ranges[left].Start <= other._ranges[right].Start);
            Append(result, takesLeft ? _ranges[left++] : other._ranges[right++]);
        }

        return new PageSet(result);
    }

    /// <summary>Pages of both.</summary>
    public PageSet Intersect(PageSet other)
    {
        var result = new List<PageRange>();
        int left = 0, right = 0;
        while (left < _ranges.Count && right < other._ranges.Count)
        {
            var a = _ranges[left];
            var b = other._ranges[right];
            var start = Math.Max(a.Start, b.Start);
            var end = Math.Min(a.End, b.End);
            if (start < end)
            {
                result.Add(new PageRange(start, end));
            }

            if (a.End < b.End)
            {
                left++;
            }
            else
            {
                right++;
            }
        }

        return new PageSet(result);
    }

    /// <summary>Pages of this that are not in the other.</summary>
    public PageSet Except(PageSet other)
    {
        if (IsEmpty || other.IsEmpty)
        {
            return this;
        }

        var result = new List<PageRange>(_ranges.Count);
        var right = 0;
        foreach (var range in _ranges)
        {
            var start = range.Start;
            while (right < other._ranges.Count && other._ranges[right].End <= start)
            {
                right++;
            }

            for (var hole = right; hole < other._ranges.Count && other._ranges[hole].Start < range.End; hole++)
            {
                if (other._ranges[hole].Start > start)
                {
                    result.Add(new PageRange(start, other._ranges[hole].Start));
                }

                start = Math.Max(start, other._ranges[hole].End);
            }

            if (start < range.End)
            {
                result.Add(new PageRange(start, range.End));
            }
        }

        return new PageSet(result);
    }

    private int FirstEndingAfter(ulong address)
    {
        int low = 0, high = _ranges.Count;
        while (low < high)
        {
            var middle = (low + high) / 2;
            (low, high) = _ranges[middle].End > address ? (low, middle) : (middle + 1, high);
        }

        return low;
    }

    private static void Append(List<PageRange> ranges, PageRange range)
    {
        if (ranges.Count > 0 && ranges[^1].End >= range.Start)
        {
            ranges[^1] = ranges[^1] with { End = Math.Max(ranges[^1].End, range.End) };
            return;
        }

        ranges.Add(range);
    }
}
