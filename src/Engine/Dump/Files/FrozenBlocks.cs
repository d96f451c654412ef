using Checkpointer.Engine.Support;

namespace Checkpointer.Engine.Dump;

/// <summary>Blocks of files that are copied while the job stands still.</summary>
internal sealed class FrozenBlocks : IDisposable
{
    /// <summary>Memory that is ready before the freeze: enough for the ends of some dozen files. More is asked for inside it.</summary>
    public const long ReserveBytes = 4 << 20;

    // Below, waking a second thread takes longer than copying alone.
    private const int BlocksWorthSharing = 32;

    private readonly List<(FileUnderDump File, long Block)> _blocks = [];
    private NativeBuffer _buffer = new(0);
    private int[] _bytes = [];

    /// <summary>Bytes to copy.</summary>
    public long Bytes => (long)_blocks.Count * BlockMap.BlockBytes;

    /// <summary>Has memory ready before the freeze.</summary>
    public void Reserve()
    {
        _buffer = new NativeBuffer(ReserveBytes);
        _buffer.Populate();
    }

    /// <summary>Adds blocks of a file.</summary>
    public void Add(FileUnderDump file, IEnumerable<long> blocks) => _blocks.AddRange(blocks.Select(block => (file, block)));

    /// <summary>Copies them. Runs inside the freeze.</summary>
    public void Copy()
    {
        if (_buffer.Bytes < Bytes)
        {
            _buffer.Dispose();
            _buffer = new NativeBuffer(Bytes);
        }

        _bytes = new int[_blocks.Count];
        if (_blocks.Count < BlocksWorthSharing)
        {
            for (var index = 0; index < _blocks.Count; index++)
            {
                Copy(index);
            }

            return;
        }

        try
        {
            Parallel.For(0, _blocks.Count, Copy);
        }
        catch (AggregateException exception) when (exception.InnerExceptions[0] is EngineException first)
        {
            throw first;
        }
    }

    /// <summary>Puts the copies of one file into its content.</summary>
    /// <returns>Their numbers.</returns>
    public HashSet<long> Deliver(FileUnderDump file, IPageSink content)
    {
        var delivered = new HashSet<long>();
        for (var index = 0; index < _blocks.Count; index++)
        {
            if (_blocks[index].File == file)
            {
                _ = file.Blocks.Put(content, _blocks[index].Block, Slice(index)[.._bytes[index]]);
                delivered.Add(_blocks[index].Block);
            }
        }

        return delivered;
    }

    /// <inheritdoc/>
    public void Dispose() => _buffer.Dispose();

    private void Copy(int index)
    {
        var (file, block) = _blocks[index];
        _bytes[index] = file.Read(block, file.Frozen.Bytes, Slice(index)).Length;
    }

    private Span<byte> Slice(int index) => _buffer.Slice((long)index * BlockMap.BlockBytes, BlockMap.BlockBytes);
}
