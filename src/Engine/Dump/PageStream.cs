using Checkpointer.Engine.Tracking;

namespace Checkpointer.Engine.Dump;

/// <summary>Moves pages from a reader to a sink, a few at a time.</summary>
internal static class PageStream
{
    // Progress and cancellation are looked at between two pieces.
    private const int PieceBytes = 4 << 20;

    /// <summary>Moves all pages of a set.</summary>
    public static void Write(IPageReader reader, PageSet pages, IPageSink sink, Action<int> delivered, CancellationToken cancellation)
    {
        foreach (var range in pages.Pieces(PieceBytes))
        {
            cancellation.ThrowIfCancellationRequested();
            sink.Write(range.Start, (long)range.Bytes, reader.Read);
            delivered((int)range.Bytes);
        }
    }
}
