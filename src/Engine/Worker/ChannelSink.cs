using System.Buffers.Binary;
using System.Text;

namespace Checkpointer.Engine.Worker;

/// <summary>The worker's side of a sink: hands everything over.</summary>
internal sealed class ChannelSink(WorkerChannel channel, bool hasBase) : ICheckpointSink
{
    private int _opened;

    /// <inheritdoc/>
    public bool HasBase => hasBase;

    /// <inheritdoc/>
    public void PutImage(string name, ReadOnlySpan<byte> image)
    {
        var text = Encoding.UTF8.GetBytes(name);
        channel.Send(FrameKind.PutImage, [.. BitConverter.GetBytes(text.Length), .. text], image);
    }

    /// <inheritdoc/>
    public IPageSink OpenPages(string name)
    {
        var pages = new Pages(channel, _opened++);
        channel.Send(FrameKind.OpenPages, BitConverter.GetBytes(pages.Number), Encoding.UTF8.GetBytes(name));
        return pages;
    }

    private sealed class Pages(WorkerChannel channel, int number) : IPageSink
    {
        private byte[] _buffer = [];

        public int Number => number;

        public void Write(ulong address, ReadOnlySpan<byte> pages)
        {
            for (var done = 0; done < pages.Length; done += WorkerChannel.PagesMax)
            {
                Send(FrameKind.WritePages, address + (ulong)done, pages.Slice(done, Math.Min(WorkerChannel.PagesMax, pages.Length - done)));
            }
        }

        public void Write(ulong address, long bytes, PageFill fill)
        {
            if (_buffer.Length == 0)
            {
                _buffer = new byte[WorkerChannel.PagesMax];
            }

            for (var done = 0L; done < bytes; done += WorkerChannel.PagesMax)
            {
                var part = _buffer.AsSpan(0, (int)Math.Min(WorkerChannel.PagesMax, bytes - done));
                fill(address + (ulong)done, part);
                Send(FrameKind.WritePages, address + (ulong)done, part);
            }
        }

        public void Clear(ulong address, ulong length) => Send(FrameKind.ClearPages, address, BitConverter.GetBytes(length));

        public void Dispose() => channel.Send(FrameKind.ClosePages, BitConverter.GetBytes(number));

        private void Send(FrameKind kind, ulong address, ReadOnlySpan<byte> bytes)
        {
            Span<byte> first = stackalloc byte[sizeof(int) + sizeof(ulong)];
            BinaryPrimitives.WriteInt32LittleEndian(first, number);
            BinaryPrimitives.WriteUInt64LittleEndian(first[sizeof(int)..], address);
            channel.Send(kind, first, bytes);
        }
    }
}
