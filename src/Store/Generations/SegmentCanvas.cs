using Checkpointer.Store.Chunking;

namespace Checkpointer.Store.Generations;

/// <summary>
/// A segment page by page: extents are painted over one another and read back as extents. Trimming old chunks where a window
/// is partly overwritten falls out of that. Pages that were never touched are told from those that were made zero, so that a canvas
/// also holds changes. Reused from segment to segment.
/// </summary>
internal sealed class SegmentCanvas
{
    private const int Untouched = -1;
    private const int Zero = -2;
    private readonly int[] _chunkAt = new int[Geometry.SegmentPages];
    private readonly byte[] _chunkPageAt = new byte[Geometry.SegmentPages];
    private readonly List<ChunkId> _chunks = [];

    /// <summary>Begins empty.</summary>
    public SegmentCanvas() => Reset();

    /// <summary>Whether every page was touched.</summary>
    public bool IsCovered => !_chunkAt.AsSpan().Contains(Untouched);

    /// <summary>Whether no page was touched.</summary>
    public bool IsUntouched => !_chunkAt.AsSpan().ContainsAnyExcept(Untouched);

    /// <summary>Makes all pages untouched.</summary>
    public void Reset()
    {
        Array.Fill(_chunkAt, Untouched);
        _chunks.Clear();
    }

    /// <summary>Paints an extent over what is there.</summary>
    public void Paint(Extent extent)
    {
        _chunks.Add(extent.Chunk);
        for (var i = 0; i < extent.PageCount; i++)
        {
            _chunkAt[extent.FirstPage + i] = _chunks.Count - 1;
            _chunkPageAt[extent.FirstPage + i] = (byte)(extent.ChunkPage + i);
        }
    }

    /// <summary>Makes pages zero.</summary>
    public void Clear(int firstPage, int pageCount) => Array.Fill(_chunkAt, Zero, firstPage, pageCount);

    /// <summary>Makes untouched what is no change against another canvas.</summary>
    public void KeepChangesOf(SegmentCanvas old)
    {
        for (var page = 0; page < Geometry.SegmentPages; page++)
        {
            if (_chunkAt[page] != Untouched && EqualsAt(old, page))
            {
                _chunkAt[page] = Untouched;
            }
        }
    }

    /// <summary>The fewest extents that say what is painted, ascending.</summary>
    public List<Extent> ToExtents()
    {
        var extents = new List<Extent>();
        for (var page = 0; page < Geometry.SegmentPages;)
        {
            var end = page + 1;
            if (_chunkAt[page] >= 0)
            {
                while (end < Geometry.SegmentPages && Continues(end))
                {
                    end++;
                }

                extents.Add(new Extent(page, end - page, _chunkPageAt[page], _chunks[_chunkAt[page]]));
            }

            page = end;
        }

        return extents;
    }

    /// <summary>The ranges that were made zero, ascending.</summary>
    public List<PageRange> ToClears()
    {
        var clears = new List<PageRange>();
        for (var page = 0; page < Geometry.SegmentPages; page++)
        {
            if (_chunkAt[page] != Zero)
            {
                continue;
            }

            var first = page;
            while (page + 1 < Geometry.SegmentPages && _chunkAt[page + 1] == Zero)
            {
                page++;
            }

            clears.Add(new PageRange(first, page + 1 - first));
        }

        return clears;
    }

    private bool Continues(int page)
        => _chunkAt[page] >= 0 && _chunkPageAt[page] == _chunkPageAt[page - 1] + 1
            && (_chunkAt[page] == _chunkAt[page - 1] || _chunks[_chunkAt[page]] == _chunks[_chunkAt[page - 1]]);

    private bool EqualsAt(SegmentCanvas old, int page)
        => _chunkAt[page] == Zero
            ? old._chunkAt[page] < 0
            : old._chunkAt[page] >= 0 && _chunkPageAt[page] == old._chunkPageAt[page]
                && _chunks[_chunkAt[page]] == old._chunks[old._chunkAt[page]];
}
