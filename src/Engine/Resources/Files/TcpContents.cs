using Checkpointer.Engine.Images;
using Checkpointer.Engine.Interop;
using Checkpointer.Engine.Support;
using Google.Protobuf;
using static Checkpointer.Engine.Images.TcpConnection.Types;
using static Checkpointer.Engine.Interop.SocketNumber;
using static Checkpointer.Engine.Interop.SocketOptionName;
using static Checkpointer.Engine.Interop.TcpRepairNumber;

namespace Checkpointer.Engine.Resources;

/// <summary>
/// Reads what is in the connections of a job: at each end what was received and not read, and what the other end has sent and this one has not received.
/// Segments and acknowledgements are still delivered while the job stands still; sequence numbers tell where the one ends and the other begins.
/// </summary>
internal sealed class TcpContents : IDisposable
{
    private const int AttemptsMax = 1000; // each is one segment that arrived while we read
    private const int RoomForAcknowledged = 1 << 17; // the head of the send queue may be acknowledged already: less than a segment

    private readonly Duplicates _duplicates = new();
    private readonly Dictionary<uint, SafeFd> _sockets = [];

    /// <summary>Fills in the images of all connections. Runs inside the freeze.</summary>
    public static void ReadAll(IReadOnlyList<SocketUse> sockets)
    {
        using var contents = new TcpContents();
        var ends = sockets.Where(use => use.Image.Tcp is not null && !use.Image.IsListening).ToDictionary(use => use.File.Id);
        foreach (var (id, use) in ends)
        {
            var socket = contents._duplicates.TryTake(use.Descriptor)
                ?? throw new LinuxException($"pidfd_getfd of descriptor {use.Descriptor.Number} of process {use.Descriptor.Process}", LastError.Get());
            contents._sockets.Add(id, socket);
            TcpRepair.EndLeft(socket);
        }

        foreach (var (id, use) in ends)
        {
            contents.Read(id, use, ends.GetValueOrDefault(use.Image.Tcp.PeerFile));
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var socket in _sockets.Values)
        {
            socket.Dispose();
        }

        _duplicates.Dispose();
    }

    private void Read(uint id, SocketUse use, SocketUse? peer)
    {
        var socket = _sockets[id];
        var isEnded = use.Image.Tcp.Peer is Peer.Ended or Peer.Refused;
        use.Image.HasError = isEnded && (SocketCalls.Poll(socket, 0) & POLLERR) != 0;
        if (use.Image.Tcp.Peer == Peer.Socket && peer is not null && SocketCalls.Count(_sockets[peer.File.Id], TIOCOUTQ) > 0)
        {
            ReadWithSendQueue(socket, use, _sockets[peer.File.Id], peer);
        }
        else if (use.Image.Tcp.Peer != Peer.Connecting)
        {
            Keep(use, Peek(socket, use, SocketCalls.Count(socket, SIOCINQ)));
        }
    }

    private static void ReadWithSendQueue(SafeFd receiver, SocketUse use, SafeFd sender, SocketUse peer)
    {
        using var receiving = TcpRepair.Begin(receiver);
        using var sending = TcpRepair.Begin(sender);
        for (var attempt = 0; attempt < AttemptsMax; attempt++)
        {
            var received = receiving.Sequence(TCP_RECV_QUEUE);
            var unread = Peek(receiver, use, SocketCalls.Count(receiver, SIOCINQ));
            var end = sending.Sequence(TCP_SEND_QUEUE);
            var queue = Peek(sender, peer, SocketCalls.Count(sender, TIOCOUTQ) + RoomForAcknowledged, isWhole: false);
            if (receiving.Sequence(TCP_RECV_QUEUE) == received)
            {
                // The end of the stream has a number too.
                var underway = unchecked((int)(end - received));
                var bytes = underway > 0 && (peer.Image.Shutdown & SEND_SHUTDOWN) != 0 ? underway - 1 : underway;
                Invariant.Require(bytes >= 0 && bytes <= queue.Length, $"{peer.Descriptor.Target} has sent {bytes} bytes that were not received, of {queue.Length} that it holds.");
                Keep(use, unread);
                peer.Image.Tcp.Unsent = UnsafeByteOperations.UnsafeWrap(queue[(queue.Length - bytes)..]);
                return;
            }
        }

        throw new EngineException(EngineFailure.TimedOut, $"{use.Descriptor.Target} receives data all the time, though the job stands still.", "try again");
    }

    private static void Keep(SocketUse use, ReadOnlyMemory<byte> unread)
    {
        use.Image.Received.Clear();
        if (unread.Length > 0)
        {
            use.Image.Received.Add(new SocketMessage { Data = UnsafeByteOperations.UnsafeWrap(unread) });
        }
    }

    /// <summary>Where there is nothing no question is asked: the answer could be an error that the job is to see.</summary>
    public static ReadOnlyMemory<byte> Peek(SafeFd socket, SocketUse use, int bytes, bool isWhole = true)
    {
        if (bytes == 0)
        {
            return default;
        }

        var buffer = GC.AllocateUninitializedArray<byte>(bytes);
        var offset = SocketCalls.TryOption(socket, SOL_SOCKET, SO_PEEK_OFF) is { } value ? BitConverter.ToInt32(value) : -1;
        if (offset >= 0)
        {
            SocketCalls.SetOption(socket, SOL_SOCKET, SO_PEEK_OFF, 0);
        }

        try
        {
            var read = SocketCalls.Receive(socket, buffer, MSG_PEEK | MSG_DONTWAIT, use.Descriptor.Target);
            Invariant.Require(!isWhole || read == bytes, $"Only {read} of {bytes} bytes in {use.Descriptor.Target} could be read.");
            return buffer.AsMemory(0, read);
        }
        finally
        {
            if (offset >= 0)
            {
                SocketCalls.SetOption(socket, SOL_SOCKET, SO_PEEK_OFF, offset);
            }
        }
    }
}
