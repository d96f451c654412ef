using System.Runtime.InteropServices;
using Checkpointer.Engine.Interop;
using Checkpointer.Engine.Support;
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
    private const int BufferBytes = 1 << 16; // more than the kernel ever sends at once
    private const int Alignment = 4;

    /// <summary>Asks the kernel.</summary>
    public static Dictionary<uint, UnixSocketState> Read()
    {
        using var netlink = SocketCalls.Make(SocketNumber.AF_NETLINK, SocketNumber.SOCK_RAW, NETLINK_SOCK_DIAG);
        LinuxException.ThrowIfFailed(Libc.fcntl(netlink.Number, FileFlag.F_SETFL, 0), "fcntl(F_SETFL) of a netlink socket");
        Ask(netlink);
        var sockets = new Dictionary<uint, UnixSocketState>();
        var buffer = new byte[BufferBytes];
        while (true)
        {
            nint read;
            fixed (byte* bytes = buffer)
            {
                read = Libc.read(netlink.Number, bytes, BufferBytes);
            }

            LinuxException.ThrowIfFailed(read, "read of sock_diag");
            if (!AddAll(buffer.AsSpan(0, (int)read), sockets))
            {
                return sockets;
            }
        }
    }

    private static void Ask(SafeFd netlink)
    {
        var length = sizeof(nlmsghdr) + sizeof(unix_diag_req);
        var message = stackalloc byte[length];
        *(nlmsghdr*)message = new nlmsghdr { nlmsg_len = (uint)length, nlmsg_type = SOCK_DIAG_BY_FAMILY, nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP };
        *(unix_diag_req*)(message + sizeof(nlmsghdr)) = new unix_diag_req
        {
            sdiag_family = SocketNumber.AF_UNIX,
            udiag_states = uint.MaxValue,
            udiag_show = UDIAG_SHOW_NAME | UDIAG_SHOW_VFS | UDIAG_SHOW_PEER | UDIAG_SHOW_ICONS | UDIAG_SHOW_RQLEN,
        };
        LinuxException.ThrowIfFailed(Libc.write(netlink.Number, message, (nuint)length), "write to sock_diag");
    }

    /// <summary>False after the last message.</summary>
    private static bool AddAll(ReadOnlySpan<byte> messages, Dictionary<uint, UnixSocketState> sockets)
    {
        while (messages.Length >= sizeof(nlmsghdr))
        {
            var header = MemoryMarshal.Read<nlmsghdr>(messages);
            if (header.nlmsg_type == NLMSG_ERROR)
            {
                throw new LinuxException("sock_diag of AF_UNIX", (Errno)(-MemoryMarshal.Read<int>(messages[sizeof(nlmsghdr)..])));
            }

            if (header.nlmsg_type == NLMSG_DONE)
            {
                return false;
            }

            var socket = Parse(messages[sizeof(nlmsghdr)..(int)header.nlmsg_len]);
            sockets[socket.Inode] = socket;
            messages = messages[Math.Min(Align((int)header.nlmsg_len), messages.Length)..];
        }

        return true;
    }

    private static UnixSocketState Parse(ReadOnlySpan<byte> message)
    {
        var inode = MemoryMarshal.Read<unix_diag_msg>(message).udiag_ino;
        var socket = new UnixSocketState(inode, null, 0, [], 0, 0, 0);
        var rest = message[sizeof(unix_diag_msg)..];
        while (rest.Length >= sizeof(nlattr))
        {
            var attribute = MemoryMarshal.Read<nlattr>(rest);
            var value = rest[sizeof(nlattr)..attribute.nla_len];
            socket = attribute.nla_type switch
            {
                UNIX_DIAG_VFS => socket with { FileInode = MemoryMarshal.Read<unix_diag_vfs>(value).udiag_vfs_ino },
                UNIX_DIAG_PEER => socket with { Peer = MemoryMarshal.Read<uint>(value) },
                UNIX_DIAG_ICONS => socket with { Waiting = MemoryMarshal.Cast<byte, uint>(value).ToArray() },
                UNIX_DIAG_RQLEN => socket with
                {
                    Backlog = MemoryMarshal.Read<unix_diag_rqlen>(value).udiag_wqueue,
                    Unread = MemoryMarshal.Read<unix_diag_rqlen>(value).udiag_wqueue,
                },
                UNIX_DIAG_SHUTDOWN => socket with { Shutdown = value[0] },
                _ => socket,
            };
            rest = rest[Math.Min(Align(attribute.nla_len), rest.Length)..];
        }

        return socket;
    }

    private static int Align(int length) => (length + Alignment - 1) / Alignment * Alignment;
}
