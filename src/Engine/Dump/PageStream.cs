using Checkpointer.Engine.Tracking;

namespace Checkpointer.Engine.Dump;

/// <summary>Moves pages from a reader to a sink, a few at a time.</summary>
internal static class PageStream
{
    // One segment of the store; large enough that a read costs its bytes and not its call.
    private const int PieceBytes = 4 << 20;

    /// <summary>Moves all pages of a set.</summary>
    public static void Write(IPageReader reader, PageSet pages, IPageSink sink, Action<int> delivered, CancellationToken cancellation)
    {
        var bytes = GC.AllocateUninitializedArray<byte>(PieceBytes);
        foreach (var range in pages.Ranges)
        {
            for (var address = range.Start; address < range.End; address += PieceBytes)
            {
                cancellation.ThrowIfCancellationRequested();
                var piece = bytes.AsSpan(0, (int)Math.Min(PieceBytes, range.End - address));
                reader.Read(address, piece);
                sink.Write(address, piece);
                delivered(piece.Length);
            }
        }
    }
}
