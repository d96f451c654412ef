using Checkpointer.Engine.Support;
using Checkpointer.Engine.Tracing;
using Checkpointer.Engine.Tracking;

namespace Checkpointer.Engine.Dump;

/// <summary>Reads pages of a process that runs. They may be torn, unmapped or replaced meanwhile: whoever asks knows which were written since.</summary>
internal static class LivePages
{
    /// <summary>Hands pages to the sink.</summary>
    /// <returns>Those that could be read.</returns>
    public static PageSet Write(ProcessId process, PageSet pages, IPageSink sink, CancellationToken cancellation)
    {
        using var memory = RemoteMemory.Open(process);
        var bytes = GC.AllocateUninitializedArray<byte>(PageStream.PieceBytes);
        var done = new List<PageRange>();
        foreach (var range in pages.Pieces(PageStream.PieceBytes))
        {
            cancellation.ThrowIfCancellationRequested();
            var piece = bytes.AsSpan(0, (int)range.Bytes);
            var read = memory.TryRead(new RemotePtr(range.Start), piece) / (int)PageRange.PageBytes * (int)PageRange.PageBytes;
            if (read > 0)
            {
                sink.Write(range.Start, piece[..read]);
                done.Add(range with { End = range.Start + (ulong)read });
            }
        }

        return PageSet.Of(done);
    }
}
