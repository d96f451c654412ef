using System.Buffers.Binary;
using System.Text;

namespace Checkpointer.Engine.Worker;

/// <summary>Serves a worker with the sink or the source of an operation.</summary>
/// <param name="channel">The way to it.</param>
/// <param name="sink">Takes what it dumps.</param>
/// <param name="source">Gives what it restores.</param>
/// <param name="progress">Told bytes done.</param>
/// <param name="built">Told the PID inside of a restored job's first process, before it runs.</param>
internal sealed class WorkerAttendant(
    WorkerChannel channel, ICheckpointSink? sink = null, ICheckpointSource? source = null, IProgress<long>? progress = null, Action<int>? built = null) : IDisposable
{
    private const int BytesOffset = sizeof(int) + sizeof(ulong);

    private readonly Dictionary<int, IPageSink> _opened = [];

    /// <summary>Does what one message asks for.</summary>
    public void Attend(Frame frame)
    {
        switch (frame.Kind)
        {
            case FrameKind.Progress:
                progress?.Report(BinaryPrimitives.ReadInt64LittleEndian(frame.Payload));
                break;
            case FrameKind.PutImage:
                PutImage(frame.Payload);
                break;
            case FrameKind.OpenPages:
                _opened.Add(IdOf(frame), sink!.OpenPages(Encoding.UTF8.GetString(frame.Payload.AsSpan(sizeof(int)))));
                break;
            case FrameKind.WritePages:
                _opened[IdOf(frame)].Write(AddressOf(frame), frame.Payload.AsSpan(BytesOffset));
                break;
            case FrameKind.ClearPages:
                _opened[IdOf(frame)].Clear(AddressOf(frame), BinaryPrimitives.ReadUInt64LittleEndian(frame.Payload.AsSpan(BytesOffset)));
                break;
            case FrameKind.ClosePages:
                _ = _opened.Remove(IdOf(frame), out var pages);
                pages!.Dispose();
                break;
            case FrameKind.Built:
                built?.Invoke((int)BinaryPrimitives.ReadUInt64LittleEndian(frame.Payload));
                channel.Send(FrameKind.Noted);
                break;
            case FrameKind.ReadImage:
                channel.Send(FrameKind.Image, source!.ReadImage(TextOf(frame)));
                break;
            default:
                source!.ReadPages(TextOf(frame), SendPages);
                channel.Send(FrameKind.PagesEnd);
                break;
        }
    }

    /// <summary>Ends the contents that are open.</summary>
    public void Dispose()
    {
        foreach (var pages in _opened.Values)
        {
            pages.Dispose();
        }

        _opened.Clear();
    }

    private static string TextOf(Frame frame) => Encoding.UTF8.GetString(frame.Payload);

    private static int IdOf(Frame frame) => BinaryPrimitives.ReadInt32LittleEndian(frame.Payload);

    private static ulong AddressOf(Frame frame) => BinaryPrimitives.ReadUInt64LittleEndian(frame.Payload.AsSpan(sizeof(int)));

    private void PutImage(byte[] payload)
    {
        var length = BinaryPrimitives.ReadInt32LittleEndian(payload);
        var name = Encoding.UTF8.GetString(payload, sizeof(int), length);
        sink!.PutImage(name, payload.AsSpan(sizeof(int) + length));
    }

    private void SendPages(ulong address, ReadOnlySpan<byte> pages)
    {
        for (var done = 0; done < pages.Length; done += WorkerChannel.PagesMax)
        {
            channel.SendNumber(FrameKind.Pages, address + (ulong)done, pages.Slice(done, Math.Min(WorkerChannel.PagesMax, pages.Length - done)));
        }
    }
}
