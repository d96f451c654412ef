using System.Buffers.Binary;
using System.Net;
using System.Runtime.InteropServices;
using Checkpointer.Engine.Interop;
using static Checkpointer.Engine.Interop.SocketDiagnosis;

namespace Checkpointer.Engine.Proc;

/// <summary>What sock_diag(7) says of Internet sockets.</summary>
internal static unsafe class InetSocketTable
{
    private const uint ClosedStates = (1 << TcpState.TCP_FIN_WAIT1) | (1 << TcpState.TCP_FIN_WAIT2) | (1 << TcpState.TCP_TIME_WAIT)
        | (1 << TcpState.TCP_LAST_ACK) | (1 << TcpState.TCP_CLOSING);

    private const int AddressBytes4 = 4;
    private const int AddressBytes6 = 16;

    /// <summary>All TCP sockets of this network namespace, of both families, and what the kernel still has of closed ones.</summary>
    public static List<TcpSocketState> Tcp()
    {
        var sockets = new List<TcpSocketState>();
        foreach (var family in new[] { SocketNumber.AF_INET, SocketNumber.AF_INET6 })
        {
            var request = new inet_diag_req_v2 { sdiag_family = (byte)family, sdiag_protocol = SocketNumber.IPPROTO_TCP, idiag_states = uint.MaxValue };
            SocketDiagnoser.Ask(request, message => sockets.Add(ParseTcp(message)));
        }

        return sockets;
    }

    /// <summary>RCV_SHUTDOWN | SEND_SHUTDOWN of all bound sockets of a protocol, by inode on sockfs.</summary>
    /// <param name="family">AF_INET or AF_INET6.</param>
    /// <param name="protocol">One of IPPROTO_*.</param>
    public static Dictionary<uint, uint> Shutdowns(int family, int protocol)
    {
        var shutdowns = new Dictionary<uint, uint>();
        var request = new inet_diag_req_v2 { sdiag_family = (byte)family, sdiag_protocol = (byte)protocol, idiag_states = uint.MaxValue };
        SocketDiagnoser.Ask(request, message =>
        {
            var inode = MemoryMarshal.Read<inet_diag_msg>(message).idiag_inode;
            SocketDiagnoser.Attributes(message[sizeof(inet_diag_msg)..], (type, value) =>
            {
                if (type == INET_DIAG_SHUTDOWN)
                {
                    shutdowns[inode] = value[0];
                }
            });
        });
        return shutdowns;
    }

    /// <summary>Removes what the kernel still has of closed TCP connections from a port of this host; it would for a minute.</summary>
    /// <param name="port">The port.</param>
    /// <param name="remote">Only of the connection to this address; null: of all.</param>
    public static void RemoveClosed(int port, IPEndPoint? remote = null)
    {
        var closed = new List<inet_diag_req_v2>();
        foreach (var family in new[] { SocketNumber.AF_INET, SocketNumber.AF_INET6 })
        {
            var request = new inet_diag_req_v2 { sdiag_family = (byte)family, sdiag_protocol = SocketNumber.IPPROTO_TCP, idiag_states = ClosedStates };
            SocketDiagnoser.Ask(request, message =>
            {
                var socket = MemoryMarshal.Read<inet_diag_msg>(message);
                if (socket.idiag_inode == 0 && BinaryPrimitives.ReverseEndianness(socket.id.idiag_sport) == port && (remote is null || ParseTcp(message).Remote.Equals(remote)))
                {
                    closed.Add(request with { id = socket.id });
                }
            });
        }

        closed.ForEach(socket => SocketDiagnoser.Destroy(socket));
    }

    private static TcpSocketState ParseTcp(ReadOnlySpan<byte> message)
    {
        var socket = MemoryMarshal.Read<inet_diag_msg>(message);
        var addressBytes = socket.idiag_family == SocketNumber.AF_INET6 ? AddressBytes6 : AddressBytes4;
        var shutdown = 0u;
        SocketDiagnoser.Attributes(message[sizeof(inet_diag_msg)..], (type, value) => shutdown = type == INET_DIAG_SHUTDOWN ? value[0] : shutdown);
        return new TcpSocketState(
            socket.idiag_inode,
            socket.idiag_state,
            EndPoint(new ReadOnlySpan<byte>(socket.id.idiag_src, addressBytes), socket.id.idiag_sport),
            EndPoint(new ReadOnlySpan<byte>(socket.id.idiag_dst, addressBytes), socket.id.idiag_dport),
            socket.idiag_rqueue,
            socket.idiag_wqueue,
            shutdown);
    }

    private static IPEndPoint EndPoint(ReadOnlySpan<byte> address, ushort port) =>
        TcpSocketState.Normal(new IPEndPoint(new IPAddress(address), BinaryPrimitives.ReverseEndianness(port)));
}
