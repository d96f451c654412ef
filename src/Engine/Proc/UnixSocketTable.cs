using System.Runtime.InteropServices;
using Checkpointer.Engine.Interop;
using static Checkpointer.Engine.Interop.SocketDiagnosis;

namespace Checkpointer.Engine.Proc;

/// <summary>What sock_diag(7) says of one AF_UNIX socket.</summary>
/// <param name="Inode">Inode on sockfs.</param>
/// <param name="Peer">Inode of the peer; 0: closed, or not accepted yet; null: not connected.</param>
/// <param name="FileInode">Inode of the file that it is bound to; 0: none.</param>
/// <param name="Waiting">Of a listening one: inodes of clients that wait; 0: closed again.</param>
/// <param name="Backlog">Of a listening one: length of the queue.</param>
/// <param name="Unread">Bytes that were sent and not read by the peer yet, as the kernel counts them for memory.</param>
/// <param name="Shutdown">RCV_SHUTDOWN | SEND_SHUTDOWN.</param>
internal sealed record UnixSocketState(uint Inode, uint? Peer, uint FileInode, IReadOnlyList<uint> Waiting, uint Backlog, uint Unread, uint Shutdown);

/// <summary>All AF_UNIX sockets of this network namespace, by inode.</summary>
internal static unsafe class UnixSocketTable
{
    /// <summary>Asks the kernel.</summary>
    public static Dictionary<uint, UnixSocketState> Read()
    {
        var request = new unix_diag_req
        {
            sdiag_family = SocketNumber.AF_UNIX,
            udiag_states = uint.MaxValue,
            udiag_show = UDIAG_SHOW_NAME | UDIAG_SHOW_VFS | UDIAG_SHOW_PEER | UDIAG_SHOW_ICONS | UDIAG_SHOW_RQLEN,
        };
        var sockets = new Dictionary<uint, UnixSocketState>();
        SocketDiagnoser.Ask(request, message =>
        {
            var socket = Parse(message);
            sockets[socket.Inode] = socket;
        });
        return sockets;
    }

    private static UnixSocketState Parse(ReadOnlySpan<byte> message)
    {
        var socket = new UnixSocketState(MemoryMarshal.Read<unix_diag_msg>(message).udiag_ino, null, 0, [], 0, 0, 0);
        SocketDiagnoser.Attributes(message[sizeof(unix_diag_msg)..], (type, value) => socket = type switch
        {
            UNIX_DIAG_VFS => socket with { FileInode = MemoryMarshal.Read<unix_diag_vfs>(value).udiag_vfs_ino },
            UNIX_DIAG_PEER => socket with { Peer = MemoryMarshal.Read<uint>(value) },
            UNIX_DIAG_ICONS => socket with { Waiting = MemoryMarshal.Cast<byte, uint>(value).ToArray() },
            UNIX_DIAG_RQLEN => WithQueue(socket, MemoryMarshal.Read<unix_diag_rqlen>(value)),
            UNIX_DIAG_SHUTDOWN => socket with { Shutdown = value[0] },
            _ => socket,
        });
        return socket;
    }

    /// <summary>The second number is the limit of a listening socket, and of others what they have sent.</summary>
    private static UnixSocketState WithQueue(UnixSocketState socket, in unix_diag_rqlen queue) =>
        socket with { Backlog = queue.udiag_wqueue, Unread = queue.udiag_wqueue };
}
