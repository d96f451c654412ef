using Checkpointer.Store.Chunking;

namespace Checkpointer.Store.Generations;

/// <summary>
/// A segment page by page: extents are painted over one another and read back as extents. Trimming old chunks where a window
/// is partly overwritten falls out of that. Reused from segment to segment.
/// </summary>
internal sealed class SegmentCanvas
{
    private const int Zero = -1;
    private readonly int[] _chunkAt = new int[Geometry.SegmentPages];
    private readonly byte[] _chunkPageAt = new byte[Geometry.SegmentPages];
    private readonly List<ChunkId> _chunks = [];

    /// <summary>Makes all pages zero.</summary>
    public void Reset()
    {
        Array.Fill(_chunkAt, Zero);
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

    /// <summary>The fewest extents that say what is painted, ascending.</summary>
    public List<Extent> ToExtents()
    {
        var extents = new List<Extent>();
        for (var page = 0; page < Geometry.SegmentPages;)
        {
            var end = page + 1;
            if (_chunkAt[page] != Zero)
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

    private bool Continues(int page)
        => _chunkAt[page] != Zero && _chunkPageAt[page] == _chunkPageAt[page - 1] + 1
            && (_chunkAt[page] == _chunkAt[page - 1] || _chunks[_chunkAt[page]] == _chunks[_chunkAt[page - 1]]);
}
