using System.Buffers.Binary;
using System.Net;
using Checkpointer.Engine.Images;
using Checkpointer.Engine.Interop;
using Checkpointer.Engine.PacketFilter;
using Checkpointer.Engine.Proc;
using Checkpointer.Engine.Support;
using static Checkpointer.Engine.Images.TcpConnection.Types;
using static Checkpointer.Engine.Interop.SocketNumber;
using static Checkpointer.Engine.Interop.TransportOptionName;

namespace Checkpointer.Engine.Resources;

/// <summary>What a duplicate of an AF_INET or AF_INET6 socket tells, and which of them are carried.</summary>
internal sealed class InetSockets
{
    private const int QueueLengthOffset = 24; // struct tcp_info: tcpi_unacked, of a listening socket the connections that wait
    private const int QueueLimitOffset = 28; // tcpi_sacked, of a listening socket the most that may
    private const int OptionsOffset = 5; // tcpi_options
    private const int ScalesOffset = 6; // tcpi_snd_wscale, tcpi_rcv_wscale
    private const int SegmentOffset = 84; // tcpi_advmss
    private const int PortOffset = 2;
    private const int AddressOffset4 = 4;
    private const int AddressOffset6 = 8;
    private const int RawBytes4 = 16;
    private const int RawBytes6 = 28;
    private const int AddressBytes4 = 4;
    private const int AddressBytes6 = 16;

    private readonly Dictionary<(int Family, int Protocol), Dictionary<uint, uint>> _shutdowns = [];
    private readonly MulticastGroups _groups = new();

    /// <summary>Fills in the image.</summary>
    /// <returns>Null, or why it cannot be carried: the end of the sentence "Descriptor 3 of process 4711 is".</returns>
    public string? Describe(SafeFd socket, Socket image, OpenDescriptor descriptor) => (image.Type, image.Protocol) switch
    {
        (SOCK_STREAM, IPPROTO_TCP) => DescribeTcp(socket, image, descriptor),
        (SOCK_DGRAM, IPPROTO_UDP or IPPROTO_UDPLITE) => DescribeUdp(socket, image, descriptor),
        (SOCK_DGRAM, IPPROTO_ICMP or IPPROTO_ICMPV6) or (SOCK_RAW, _) => _groups.Describe(socket, image, descriptor),
        _ => $"a socket of family {image.Family}, type {image.Type}, protocol {image.Protocol} ({descriptor.Target})",
    };

    /// <summary>Port of a struct sockaddr_in or sockaddr_in6; 0: none.</summary>
    public static int Port(ReadOnlySpan<byte> address) => address.Length < AddressOffset4 ? 0 : (address[PortOffset] << 8) | address[PortOffset + 1];

    /// <summary>Address of a struct sockaddr_in or sockaddr_in6.</summary>
    public static IPAddress Host(ReadOnlySpan<byte> address) =>
        new(address[0] == AF_INET6 ? address.Slice(AddressOffset6, AddressBytes6) : address.Slice(AddressOffset4, AddressBytes4));

    /// <summary>The same with another host.</summary>
    public static byte[] WithHost(ReadOnlySpan<byte> address, IPAddress host)
    {
        var changed = address.ToArray();
        host.GetAddressBytes().CopyTo(changed, address[0] == AF_INET6 ? AddressOffset6 : AddressOffset4);
        return changed;
    }

    /// <summary>The same with another port.</summary>
    public static byte[] WithPort(ReadOnlySpan<byte> address, int port)
    {
        var changed = address.ToArray();
        BinaryPrimitives.WriteUInt16BigEndian(changed.AsSpan(PortOffset), (ushort)port);
        return changed;
    }

    /// <summary>struct sockaddr_in or sockaddr_in6 of an address.</summary>
    public static byte[] Raw(int family, IPEndPoint point)
    {
        var isVersion6 = family == AF_INET6;
        var address = new byte[isVersion6 ? RawBytes6 : RawBytes4];
        BinaryPrimitives.WriteUInt16LittleEndian(address, (ushort)family);
        BinaryPrimitives.WriteUInt16BigEndian(address.AsSpan(PortOffset), (ushort)point.Port);
        return WithHost(address, isVersion6 ? point.Address.MapToIPv6() : point.Address);
    }

    /// <summary>The host alone: an IPv4 address that stands in an IPv6 one as such; any other as it is, with its scope.</summary>
    public static byte[] HostOnly(ReadOnlySpan<byte> address) =>
        Host(address).IsIPv4MappedToIPv6 ? Raw(AF_INET, new IPEndPoint(Host(address).MapToIPv4(), 0)) : WithPort(address, 0);

    /// <summary>How the packets of a connection show its addresses.</summary>
    public static TcpAddresses Addresses(Socket connection) => new(PointOf(connection.Address.Span), PointOf(connection.PeerAddress.Span));

    /// <summary>For sentences.</summary>
    public static string Text(ReadOnlySpan<byte> address) =>
        address.Length < AddressOffset4 ? "(none)" : new IPEndPoint(Host(address), Port(address)).ToString();

    private static IPEndPoint PointOf(ReadOnlySpan<byte> address) => TcpSocketState.Normal(new IPEndPoint(Host(address), Port(address)));

    private static string? DescribeTcp(SafeFd socket, Socket image, OpenDescriptor descriptor)
    {
        var info = SocketCalls.TryOption(socket, SOL_TCP, TCP_INFO) ?? throw new LinuxException("getsockopt(TCP_INFO)", LastError.Get());
        if (SocketCalls.TryOption(socket, SOL_TCP, TCP_ULP) is { Length: > 0 })
        {
            return $"a TCP socket ({descriptor.Target}) with an upper layer protocol (TCP_ULP)";
        }

        if ((SocketCalls.Poll(socket, POLLPRI) & POLLPRI) != 0)
        {
            return $"a TCP socket ({descriptor.Target}) with urgent data";
        }

        var connection = new TcpConnection
        {
            Options = info[OptionsOffset],
            SendScale = (uint)info[ScalesOffset] & 0xf,
            ReceiveScale = (uint)info[ScalesOffset] >> 4,
            SegmentBytes = BitConverter.ToUInt32(info, SegmentOffset),
        };
        switch ((int)info[0])
        {
            case TcpState.TCP_LISTEN:
                image.Backlog = BitConverter.ToUInt32(info, QueueLimitOffset);
                connection.Waiting = BitConverter.ToUInt32(info, QueueLengthOffset);
                image.Tcp = connection.Waiting == 0 ? null : connection;
                return null;
            case TcpState.TCP_CLOSE:
                var events = SocketCalls.Poll(socket, POLLIN) & (POLLIN | POLLERR);
                // Readable without a connection: it has had one, or has tried to. Options are only there once the peer has answered.
                connection.Peer = (events & POLLERR) != 0 && connection.Options == 0 ? Peer.Refused : Peer.Ended;
                image.Tcp = events == 0 ? null : connection;
                // getpeername(2) does not tell it any more.
                image.PeerAddress = Google.Protobuf.ByteString.CopyFrom(SocketCalls.TryOption(socket, SOL_SOCKET, SocketOptionName.SO_PEERNAME, image.Family == AF_INET6 ? RawBytes6 : RawBytes4) ?? []);
                return null;
            default:
                image.Tcp = connection;
                return null;
        }
    }

    private string? DescribeUdp(SafeFd socket, Socket image, OpenDescriptor descriptor)
    {
        if (SocketCalls.Number(socket, SOL_UDP, UDP_CORK) != 0)
        {
            return $"a corked UDP socket ({descriptor.Target})";
        }

        if (SocketCalls.Number(socket, SOL_UDP, UDP_ENCAP) != 0)
        {
            return $"a UDP socket ({descriptor.Target}) that encapsulates (UDP_ENCAP)";
        }

        image.Shutdown = ShutdownsOf(image.Family, image.Protocol).GetValueOrDefault((uint)descriptor.Stat.Inode);
        return _groups.Describe(socket, image, descriptor);
    }

    /// <summary>The kernel lists the sockets of all processes: once for a whole job.</summary>
    private Dictionary<uint, uint> ShutdownsOf(int family, int protocol)
    {
        if (!_shutdowns.TryGetValue((family, protocol), out var shutdowns))
        {
            shutdowns = InetSocketTable.Shutdowns(family, protocol);
            _shutdowns.Add((family, protocol), shutdowns);
        }

        return shutdowns;
    }
}
