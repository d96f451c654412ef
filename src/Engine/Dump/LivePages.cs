using Checkpointer.Engine.Support;
using Checkpointer.Engine.Tracing;
using Checkpointer.Engine.Tracking;

namespace Checkpointer.Engine.Dump;

/// <summary>Reads pages of a process that runs. They may be torn, unmapped or replaced meanwhile: whoever asks knows which were written since.</summary>
internal static class LivePages
{
    /// <summary>Hands pages to the sink; those that could not be read, as zeros.</summary>
    /// <returns>Those that could be read.</returns>
    public static PageSet Write(ProcessId process, PageSet pages, IPageSink sink, CancellationToken cancellation)
    {
        using var memory = RemoteMemory.Open(process);
        var reader = new LiveReader(memory);
        PageStream.Write(reader, pages, sink, static _ => { }, cancellation);
        return PageSet.Of(reader.Done);
    }

    private sealed class LiveReader(RemoteMemory memory) : IPageReader
    {
        public List<PageRange> Done { get; } = [];

        public void Read(ulong address, Span<byte> target)
        {
            var read = memory.TryRead(new RemotePtr(address), target) / (int)PageRange.PageBytes * (int)PageRange.PageBytes;
            target[read..].Clear();
            if (read > 0)
            {
                Done.Add(new PageRange(address, address + (ulong)read));
            }
        }
    }
}
