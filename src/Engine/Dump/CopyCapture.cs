using Checkpointer.Engine.Support;

namespace Checkpointer.Engine.Dump;

/// <summary>
/// Copies pages into our own memory while the job is frozen. What is over the budget goes straight to the sink, with the job still frozen.
/// </summary>
internal sealed class CopyCapture(long budgetBytes) : ICapture
{
    // Large enough that a read costs its bytes and not its call, small enough for spans and progress.
    private const int PieceBytes = 4 << 20;

    /// <inheritdoc/>
    public string Name => "copy";

    /// <inheritdoc/>
    public ICapturedPages Take(IReadOnlyList<CaptureSource> sources, ICheckpointSink sink)
    {
        var pieces = sources.SelectMany(Pieces).ToList();
        var kept = 0;
        var keptBytes = 0L;
        while (kept < pieces.Count && keptBytes + pieces[kept].Bytes <= budgetBytes)
        {
            keptBytes += pieces[kept++].Bytes;
        }

        var buffer = new NativeBuffer(keptBytes);
        try
        {
            var offset = 0L;
            foreach (var piece in pieces.Take(kept))
            {
                piece.Source.Reader.Read(piece.Address, buffer.Slice(offset, piece.Bytes));
                offset += piece.Bytes;
            }

            HandOver(pieces.Skip(kept), sink);
            return new CopiedPages(pieces[..kept], buffer);
        }
        catch
        {
            buffer.Dispose();
            throw;
        }
    }

    private static void HandOver(IEnumerable<Piece> pieces, ICheckpointSink sink)
    {
        var buffer = new byte[PieceBytes];
        foreach (var group in pieces.GroupBy(piece => piece.Source))
        {
            using var target = sink.OpenPages(group.Key.ContentName);
            foreach (var piece in group)
            {
                piece.Source.Reader.Read(piece.Address, buffer.AsSpan(0, piece.Bytes));
                target.Write(piece.Address, buffer.AsSpan(0, piece.Bytes));
            }
        }
    }

    private static IEnumerable<Piece> Pieces(CaptureSource source)
    {
        foreach (var range in source.Ranges)
        {
            for (var address = range.Start; address < range.End; address += PieceBytes)
            {
                yield return new Piece(source, address, (int)Math.Min(PieceBytes, range.End - address));
            }
        }
    }

    private sealed record Piece(CaptureSource Source, ulong Address, int Bytes);

    private sealed class CopiedPages(List<Piece> pieces, NativeBuffer buffer) : ICapturedPages
    {
        public void Deliver(ICheckpointSink sink, IProgress<long>? bytesDone, CancellationToken cancellation)
        {
            var offset = 0L;
            foreach (var group in pieces.GroupBy(piece => piece.Source))
            {
                using var target = sink.OpenPages(group.Key.ContentName);
                foreach (var piece in group)
                {
                    cancellation.ThrowIfCancellationRequested();
                    target.Write(piece.Address, buffer.Slice(offset, piece.Bytes));
                    offset += piece.Bytes;
                    bytesDone?.Report(offset);
                }
            }
        }

        public void Dispose() => buffer.Dispose();
    }
}
