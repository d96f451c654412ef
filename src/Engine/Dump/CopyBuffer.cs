using Checkpointer.Engine.Support;
using Checkpointer.Engine.Tracking;

namespace Checkpointer.Engine.Dump;

/// <summary>
/// Pages copied out of a frozen job, one behind the other in memory of ours. All threads of the job stand still meanwhile, so that several of ours
/// copy at a time.
/// </summary>
internal sealed class CopyBuffer : IDisposable
{
    // Large enough that a read costs its bytes and not its call, small enough to share among threads.
    private const int PieceBytes = 1 << 20;

    // Below this, waking a second thread takes longer than copying alone.
    private const long BytesWorthSharing = 2 << 20;

    private readonly List<Piece> _pieces = [];
    private readonly List<Piece> _over = [];
    private NativeBuffer _buffer = new(0);

    /// <summary>Copies nothing with all threads, so that no freeze waits for that code to be compiled.</summary>
    public static void Rehearse()
    {
        using var buffer = new CopyBuffer();
        var nothing = PageSet.Of([new PageRange(0, BytesWorthSharing)]);
        var source = new CaptureSource(string.Empty, false, nothing, PageSet.Empty, PageSet.Empty, 0, 0, new NoReader(), null);
        buffer.Add(source, nothing, BytesWorthSharing);
        buffer.Copy();
    }

    /// <summary>Bytes kept.</summary>
    public long Bytes { get; private set; }

    /// <summary>Bytes that were over the budget.</summary>
    public long BytesOver { get; private set; }

    /// <summary>Asks for memory ahead, so that the freeze does not pay for the kernel zeroing it.</summary>
    public void Reserve(long bytes)
    {
        _buffer.Dispose();
        _buffer = new NativeBuffer(bytes);
        _buffer.Populate();
    }

    /// <summary>Adds pages to copy; what exceeds the budget is noted as over it.</summary>
    public void Add(CaptureSource source, PageSet pages, long budgetBytes)
    {
        foreach (var piece in pages.Pieces(PieceBytes))
        {
            Add(source, piece.Start, (int)piece.Bytes, budgetBytes);
        }
    }

    /// <summary>Copies. Runs inside the freeze.</summary>
    public void Copy()
    {
        if (_buffer.Bytes < Bytes)
        {
            _buffer.Dispose();
            _buffer = new NativeBuffer(Bytes);
        }

        if (Bytes < BytesWorthSharing)
        {
            _pieces.ForEach(Read);
            return;
        }

        try
        {
            Parallel.ForEach(_pieces, Read);
        }
        catch (AggregateException exception) when (exception.InnerExceptions[0] is EngineException first)
        {
            throw first;
        }
    }

    /// <summary>Hands what is over the budget to the sink without keeping it. Runs inside the freeze.</summary>
    public void HandOverRest(OpenContents contents)
    {
        foreach (var piece in _over)
        {
            contents.Of(piece.Source.ContentName, piece.Source.Continues).Write(piece.Address, piece.Bytes, piece.Source.Reader.Read);
        }
    }

    /// <summary>Hands the kept pages to the sink.</summary>
    public void Deliver(OpenContents contents, Action<int> delivered, CancellationToken cancellation)
    {
        foreach (var piece in _pieces)
        {
            cancellation.ThrowIfCancellationRequested();
            contents.Of(piece.Source.ContentName, piece.Source.Continues).Write(piece.Address, _buffer.Slice(piece.Offset, piece.Bytes));
            delivered(piece.Bytes);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _buffer.Dispose();

    private void Add(CaptureSource source, ulong address, int bytes, long budgetBytes)
    {
        if (Bytes + bytes > budgetBytes)
        {
            _over.Add(new Piece(source, address, bytes, 0));
            BytesOver += bytes;
            return;
        }

        _pieces.Add(new Piece(source, address, bytes, Bytes));
        Bytes += bytes;
    }

    private void Read(Piece piece) => piece.Source.Reader.Read(piece.Address, _buffer.Slice(piece.Offset, piece.Bytes));

    private sealed class NoReader : IPageReader
    {
        public void Read(ulong address, Span<byte> target)
        {
        }
    }

    private readonly record struct Piece(CaptureSource Source, ulong Address, int Bytes, long Offset);
}
