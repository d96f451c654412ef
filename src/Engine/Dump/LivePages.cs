using Checkpointer.Engine.Support;
using Checkpointer.Engine.Tracing;
using Checkpointer.Engine.Tracking;

namespace Checkpointer.Engine.Dump;

/// <summary>Reads pages of a process that runs. They may be torn, unmapped or replaced meanwhile: whoever asks knows which were written since.</summary>
internal static class LivePages
{
    private const int PieceBytes = 4 << 20;

    /// <summary>Hands pages to the sink.</summary>
    /// <returns>Those that could be read.</returns>
    public static PageSet Write(ProcessId process, PageSet pages, IPageSink sink, CancellationToken cancellation)
    {
        using var memory = RemoteMemory.Open(process);
        var bytes = GC.AllocateUninitializedArray<byte>(PieceBytes);
        var done = new List<PageRange>();
        foreach (var range in pages.Ranges)
        {
            for (var address = range.Start; address < range.End; address += PieceBytes)
            {
                cancellation.ThrowIfCancellationRequested();
                var piece = bytes.AsSpan(0, (int)Math.Min(PieceBytes, range.End - address));
                var read = memory.TryRead(new RemotePtr(address), piece) / (int)PageRange.PageBytes * (int)PageRange.PageBytes;
                if (read > 0)
                {
                    sink.Write(address, piece[..read]);
                    done.Add(new PageRange(address, address + (ulong)read));
                }
            }
        }

        return PageSet.Of(done);
    }
}
