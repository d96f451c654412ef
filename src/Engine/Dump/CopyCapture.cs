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

        var pages = new CopiedPages(pieces[..kept], new NativeBuffer(keptBytes), sink);
        try
        {
            pages.Copy();
            pages.HandOver(pieces.Skip(kept));
            return pages;
        }
        catch
        {
            pages.Dispose();
            throw;
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

    /// <summary>Pieces one behind the other in a buffer, and the contents that were opened for them.</summary>
    private sealed class CopiedPages(List<Piece> pieces, NativeBuffer buffer, ICheckpointSink sink) : ICapturedPages
    {
        private readonly Dictionary<string, IPageSink> _contents = [];

        /// <summary>Reads all pieces into the buffer. Runs inside the freeze.</summary>
        public void Copy()
        {
            var offset = 0L;
            foreach (var piece in pieces)
            {
                piece.Source.Reader.Read(piece.Address, buffer.Slice(offset, piece.Bytes));
                offset += piece.Bytes;
            }
        }

        /// <summary>Hands pieces to the sink without keeping them. Runs inside the freeze.</summary>
        public void HandOver(IEnumerable<Piece> overBudget)
        {
            var bytes = new byte[PieceBytes];
            foreach (var piece in overBudget)
            {
                piece.Source.Reader.Read(piece.Address, bytes.AsSpan(0, piece.Bytes));
                ContentOf(piece).Write(piece.Address, bytes.AsSpan(0, piece.Bytes));
            }
        }

        /// <inheritdoc/>
        public void Deliver(IProgress<long>? bytesDone, CancellationToken cancellation)
        {
            var offset = 0L;
            foreach (var piece in pieces)
            {
                cancellation.ThrowIfCancellationRequested();
                ContentOf(piece).Write(piece.Address, buffer.Slice(offset, piece.Bytes));
                offset += piece.Bytes;
                bytesDone?.Report(offset);
            }
        }

        /// <inheritdoc/>
        public void Dispose()
        {
            foreach (var content in _contents.Values)
            {
                content.Dispose();
            }

            buffer.Dispose();
        }

        private IPageSink ContentOf(Piece piece)
        {
            var name = piece.Source.ContentName;
            if (!_contents.TryGetValue(name, out var content))
            {
                content = sink.OpenPages(name);
                _contents.Add(name, content);
            }

            return content;
        }
    }
}
