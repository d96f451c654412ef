using Checkpointer.Engine.Tracking;

namespace Checkpointer.Engine.Dump;

/// <summary>What a content of a generation holds of a file, as hashes of its blocks; those that it has no hash of are zero.</summary>
internal sealed class BlockMap
{
    /// <summary>Bytes of a block: those of the store's largest chunk.</summary>
    public const int BlockBytes = 64 << 10;

    private readonly Dictionary<long, BlockHash> _hashes;

    /// <summary>An empty content.</summary>
    public BlockMap() => _hashes = [];

    /// <summary>A content that goes on from another.</summary>
    public BlockMap(BlockMap other) => _hashes = new Dictionary<long, BlockHash>(other._hashes);

    /// <summary>Blocks that are not zero, in no order.</summary>
    public IEnumerable<long> Blocks => _hashes.Keys;

    /// <summary>The hash of a block.</summary>
    public BlockHash this[long block] => _hashes.GetValueOrDefault(block);

    /// <summary>How many blocks a file of a size has.</summary>
    public static long CountOf(ulong bytes) => ((long)bytes + BlockBytes - 1) / BlockBytes;

    /// <summary>Puts a block into the content where it differs.</summary>
    /// <param name="content">The content.</param>
    /// <param name="block">Number of the block.</param>
    /// <param name="pages">Its pages; the last block of a file may have fewer.</param>
    /// <returns>True where it differed.</returns>
    public bool Put(IPageSink content, long block, ReadOnlySpan<byte> pages)
    {
        var hash = BlockHash.Of(pages);
        if (hash == this[block])
        {
            return false;
        }

        var start = (ulong)block * BlockBytes;
        var end = start + (hash == default ? 0ul : (ulong)pages.Length);
        if (end > start)
        {
            content.Write(start, pages);
        }

        if (end < start + BlockBytes && _hashes.ContainsKey(block))
        {
            content.Clear(end, start + BlockBytes - end);
        }

        Set(block, hash);
        return true;
    }

    /// <summary>Makes blocks zero.</summary>
    public void Clear(IPageSink content, IReadOnlyCollection<long> blocks)
    {
        foreach (var block in blocks)
        {
            content.Clear((ulong)block * BlockBytes, BlockBytes);
            _hashes.Remove(block);
        }
    }

    /// <summary>Makes everything zero behind the end of a file.</summary>
    public void Truncate(IPageSink content, ulong bytes) => Clear(content, [.. _hashes.Keys.Where(block => block >= CountOf(bytes))]);

    /// <summary>Blocks with data, ascending.</summary>
    public static IEnumerable<long> Of(IEnumerable<PageRange> ranges)
    {
        var next = 0L;
        foreach (var range in ranges)
        {
            for (next = Math.Max(next, (long)(range.Start / BlockBytes)); (ulong)next * BlockBytes < range.End; next++)
            {
                yield return next;
            }
        }
    }

    private void Set(long block, BlockHash hash)
    {
        if (hash == default)
        {
            _hashes.Remove(block);
            return;
        }

        _hashes[block] = hash;
    }
}
