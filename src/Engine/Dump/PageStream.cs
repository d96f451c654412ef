using Checkpointer.Engine.Tracking;

namespace Checkpointer.Engine.Dump;

/// <summary>Moves pages from a reader to a sink, a few at a time.</summary>
internal static class PageStream
{
    /// <summary>One segment of the store; large enough that a read costs its bytes and not its call.</summary>
    public const int PieceBytes = 4 << 20;

    /// <summary>Moves all pages of a set.</summary>
    public static void Write(IPageReader reader, PageSet pages, IPageSink sink, Action<int> delivered, CancellationToken cancellation)
    {
        var bytes = GC.AllocateUninitializedArray<byte>(PieceBytes);
        foreach (var range in pages.Pieces(PieceBytes))
        {
            cancellation.ThrowIfCancellationRequested();
            var piece = bytes.AsSpan(0, (int)range.Bytes);
            reader.Read(range.Start, piece);
            sink.Write(range.Start, piece);
            delivered(piece.Length);
        }
    }
}
