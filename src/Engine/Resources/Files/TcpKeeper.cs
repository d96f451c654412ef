using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Checkpointer.Engine.Images;
using Checkpointer.Engine.Interop;
using Checkpointer.Engine.Support;
using Google.Protobuf;
using static Checkpointer.Engine.Interop.SocketNumber;
using static Checkpointer.Engine.Interop.TcpRepairNumber;
using static Checkpointer.Engine.Interop.TcpState;

namespace Checkpointer.Engine.Resources;

/// <summary>
/// Reads what it takes to go on with a connection whose other end we do not have: sequence numbers, windows, and what was sent and not acknowledged.
/// Precondition: no packet comes in.
/// </summary>
internal static class TcpKeeper
{
    private const int RoomForAcknowledged = 1 << 17; // the head of the send queue may be acknowledged already: less than a segment

    /// <summary>True where the peer has ended its direction, and that has come in.</summary>
    public static bool HasEnd(int state) => state is TCP_CLOSE_WAIT or TCP_LAST_ACK or TCP_CLOSING;

    /// <summary>True where the job has ended its direction.</summary>
    public static bool HasOwnEnd(int state) => state is TCP_FIN_WAIT1 or TCP_FIN_WAIT2 or TCP_LAST_ACK or TCP_CLOSING;

    /// <summary>Fills in the image.</summary>
    /// <param name="socket">A duplicate of it.</param>
    /// <param name="use">It.</param>
    public static void Read(SafeFd socket, SocketUse use)
    {
        TcpRepair.EndLeft(socket);
        using var repair = TcpRepair.Begin(socket);
        var state = (int)(SocketCalls.TryOption(socket, SOL_TCP, TransportOptionName.TCP_INFO) ?? throw new LinuxException("getsockopt(TCP_INFO)", LastError.Get()))[0];
        if (state == TCP_CLOSE)
        {
            return; // ended in the last moment: as after --tcp close
        }

        var kept = new KeptConnection
        {
            State = (uint)state,
            SegmentBytes = (uint)SocketCalls.Number(socket, SOL_TCP, TransportOptionName.TCP_MAXSEG),
            Timestamp = unchecked((uint)SocketCalls.Number(socket, SOL_TCP, TCP_TIMESTAMP)),
            Received = repair.Sequence(TCP_RECV_QUEUE),
            Written = repair.Sequence(TCP_SEND_QUEUE),
        };
        ReadSendQueue(socket, use, kept);
        ReadWindow(socket, kept);
        use.Image.Tcp.Kept = kept;
        use.Image.Shutdown |= HasEnd(state) ? RCV_SHUTDOWN : 0u;
    }

    /// <summary>Precondition: the send queue is the one that calls use.</summary>
    private static void ReadSendQueue(SafeFd socket, SocketUse use, KeptConnection kept)
    {
        // An end of stream that is not acknowledged counts as the last byte.
        var end = HasOwnEnd((int)kept.State) && kept.State != TCP_FIN_WAIT2 ? 1 : 0;
        var unacknowledged = SocketCalls.Count(socket, TIOCOUTQ) - end;
        var unsent = Math.Max(SocketCalls.Count(socket, SIOCOUTQNSD) - end, 0);
        var queue = TcpContents.Peek(socket, use, unacknowledged == 0 ? 0 : unacknowledged + RoomForAcknowledged, isWhole: false);
        Invariant.Require(queue.Length >= unacknowledged && unacknowledged >= unsent, $"{use.Descriptor.Target} holds {queue.Length} bytes, of which {unacknowledged} are not acknowledged and {unsent} not sent.");
        queue = queue[(queue.Length - unacknowledged)..];
        kept.Sent = UnsafeByteOperations.UnsafeWrap(queue[..(unacknowledged - unsent)]);
        use.Image.Tcp.Unsent = UnsafeByteOperations.UnsafeWrap(queue[(unacknowledged - unsent)..]);
    }

    private static void ReadWindow(SafeFd socket, KeptConnection kept)
    {
        var window = MemoryMarshal.Read<tcp_repair_window>(
            SocketCalls.TryOption(socket, SOL_TCP, TCP_REPAIR_WINDOW, Unsafe.SizeOf<tcp_repair_window>()) ?? throw new LinuxException("getsockopt(TCP_REPAIR_WINDOW)", LastError.Get()));
        kept.WindowUpdate = window.snd_wl1;
        kept.SendWindow = window.snd_wnd;
        kept.SendWindowMax = window.max_window;
        kept.ReceiveWindow = window.rcv_wnd;
        kept.WindowSent = window.rcv_wup;
    }
}
