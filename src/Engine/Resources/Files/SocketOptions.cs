using Checkpointer.Engine.Images;
using Checkpointer.Engine.Interop;
using Checkpointer.Engine.Support;
using Google.Protobuf;
using static Checkpointer.Engine.Interop.IpOptionName;
using static Checkpointer.Engine.Interop.SocketNumber;
using static Checkpointer.Engine.Interop.SocketOptionName;
using static Checkpointer.Engine.Interop.TransportOptionName;

namespace Checkpointer.Engine.Resources;

/// <summary>The options of sockets that can be read and set again as they are. What a socket does not have is passed over.</summary>
internal static class SocketOptions
{
    /// <summary>Options that decide what binding and connecting do, or that such calls make use of: set first.</summary>
    private static readonly (int Level, int[] Names)[] _early =
    [
        (SOL_SOCKET, [SO_REUSEADDR, SO_REUSEPORT, SO_BINDTODEVICE, SO_MARK, SO_DONTROUTE]),
        (SOL_IP, [IP_FREEBIND, IP_TRANSPARENT, IP_BIND_ADDRESS_NO_PORT, IP_LOCAL_PORT_RANGE]),
        (SOL_IPV6, [IPV6_V6ONLY, IPV6_FREEBIND, IPV6_TRANSPARENT]),
        (SOL_NETLINK, [NETLINK_LISTEN_ALL_NSID]),
    ];

    /// <summary>All others, in an order in which they do not undo one another.</summary>
    private static readonly (int Level, int[] Names)[] _late =
    [
        (SOL_SOCKET,
        [
            SO_BROADCAST, SO_KEEPALIVE, SO_OOBINLINE, SO_NO_CHECK, SO_LINGER, SO_RCVLOWAT, SO_RCVTIMEO_OLD, SO_SNDTIMEO_OLD,
            SO_TIMESTAMP_OLD, SO_TIMESTAMPNS_OLD, SO_TIMESTAMP_NEW, SO_TIMESTAMPNS_NEW, SO_TIMESTAMPING_OLD, SO_TIMESTAMPING_NEW, SO_PASSSEC, SO_RXQ_OVFL,
            SO_WIFI_STATUS, SO_NOFCS, SO_SELECT_ERR_QUEUE, SO_BUSY_POLL, SO_PREFER_BUSY_POLL, SO_MAX_PACING_RATE, SO_ZEROCOPY, SO_TXTIME, SO_RESERVE_MEM,
            SO_TXREHASH, SO_PASSPIDFD, SO_PASSCRED, SO_PEEK_OFF,
        ]),
        (SOL_IP,
        [
            IP_TOS, IP_TTL, IP_HDRINCL, IP_OPTIONS, IP_RECVOPTS, IP_RETOPTS, IP_PKTINFO, IP_MTU_DISCOVER, IP_RECVERR, IP_RECVTTL, IP_RECVTOS, IP_PASSSEC,
            IP_RECVORIGDSTADDR, IP_MINTTL, IP_NODEFRAG, IP_CHECKSUM, IP_RECVFRAGSIZE, IP_RECVERR_RFC4884, IP_MULTICAST_IF, IP_MULTICAST_TTL,
            IP_MULTICAST_LOOP, IP_MULTICAST_ALL, IP_UNICAST_IF,
        ]),
        (SOL_IPV6,
        [
            IPV6_UNICAST_HOPS, IPV6_MULTICAST_IF, IPV6_MULTICAST_HOPS, IPV6_MULTICAST_LOOP, IPV6_MTU_DISCOVER, IPV6_RECVERR, IPV6_MULTICAST_ALL,
            IPV6_RECVERR_RFC4884, IPV6_FLOWINFO_SEND, IPV6_RECVPKTINFO, IPV6_RECVHOPLIMIT, IPV6_RECVHOPOPTS, IPV6_RECVRTHDR, IPV6_RECVDSTOPTS,
            IPV6_RECVPATHMTU, IPV6_DONTFRAG, IPV6_RECVTCLASS, IPV6_TCLASS, IPV6_AUTOFLOWLABEL, IPV6_ADDR_PREFERENCES, IPV6_MINHOPCOUNT,
            IPV6_RECVORIGDSTADDR, IPV6_UNICAST_IF, IPV6_RECVFRAGSIZE,
        ]),
        (SOL_TCP,
        [
            TCP_CONGESTION, TCP_MAXSEG, TCP_NODELAY, TCP_CORK, TCP_KEEPIDLE, TCP_KEEPINTVL, TCP_KEEPCNT, TCP_SYNCNT, TCP_LINGER2, TCP_DEFER_ACCEPT,
            TCP_THIN_LINEAR_TIMEOUTS, TCP_USER_TIMEOUT, TCP_FASTOPEN, TCP_NOTSENT_LOWAT, TCP_SAVE_SYN, TCP_FASTOPEN_CONNECT, TCP_FASTOPEN_NO_COOKIE,
            TCP_INQ, TCP_TX_DELAY,
        ]),
        (SOL_UDP, [UDP_NO_CHECK6_TX, UDP_NO_CHECK6_RX, UDP_SEGMENT, UDP_GRO]),
        (IPPROTO_UDPLITE, [UDPLITE_SEND_CSCOV, UDPLITE_RECV_CSCOV]),
        (SOL_RAW, [ICMP_FILTER, IPV6_CHECKSUM]),
        (SOL_ICMPV6, [ICMPV6_FILTER]),
        (SOL_NETLINK, [NETLINK_PKTINFO, NETLINK_BROADCAST_ERROR, NETLINK_NO_ENOBUFS, NETLINK_CAP_ACK, NETLINK_EXT_ACK, NETLINK_GET_STRICT_CHK]),
        // IP_TOS sets it too.
        (SOL_SOCKET, [SO_PRIORITY]),
    ];

    private static readonly int[] _sizes = [SO_SNDBUF, SO_RCVBUF];

    /// <summary>Reads all.</summary>
    public static IEnumerable<SocketOption> Read(SafeFd socket, Socket image)
    {
        var wanted = _early.Concat(_late).Append((SOL_SOCKET, [SO_SNDBUF, SO_RCVBUF, SO_BUF_LOCK, SO_LOCK_FILTER]));
        foreach (var (level, names) in wanted.Where(options => IsOf(image, options.Item1)))
        {
            foreach (var name in names)
            {
                if (!IsFixed(image, level, name) && SocketCalls.TryOption(socket, level, name) is { } value)
                {
                    yield return new SocketOption { Level = level, Name = name, Value = ByteString.CopyFrom(value) };
                }
            }
        }
    }

    /// <summary>Sets what must be set before the socket is bound or connected.</summary>
    public static void SetEarly(SafeFd socket, Socket image) => Set(socket, image, _early);

    /// <summary>Sets the rest. The filter comes last of all: until then packets must not meet it.</summary>
    public static void SetLate(SafeFd socket, Socket image)
    {
        Set(socket, image, _late);
        SetBufferSizes(socket, image);
        SocketFilters.Attach(socket, image);
        Set(socket, image, [(SOL_SOCKET, [SO_LOCK_FILTER])]);
    }

    /// <summary>The value of an option in an image; null where the socket did not have it.</summary>
    public static byte[]? ValueOf(Socket image, int level, int name) =>
        image.Options.FirstOrDefault(option => option.Level == level && option.Name == name)?.Value.ToByteArray();

    /// <summary>A socket takes options of other protocols for its own: some numbers mean several things.</summary>
    private static bool IsOf(Socket image, int level) => level switch
    {
        SOL_SOCKET => true,
        SOL_IP => image.Family is AF_INET or AF_INET6,
        SOL_IPV6 => image.Family == AF_INET6,
        SOL_TCP => image.Type == SOCK_STREAM && image.Family is AF_INET or AF_INET6,
        SOL_UDP => image.Protocol is IPPROTO_UDP or IPPROTO_UDPLITE,
        SOL_RAW => image.Type == SOCK_RAW,
        _ => image.Protocol == level || (level == SOL_NETLINK && image.Family == AF_NETLINK),
    };

    /// <summary>What a TCP connection shows and does not let be set: it comes from its packets, or was for connecting.</summary>
    private static bool IsFixed(Socket image, int level, int name) => image is { Tcp: not null, IsListening: false } && level switch
    {
        SOL_TCP => name is TCP_MAXSEG or TCP_FASTOPEN or TCP_FASTOPEN_CONNECT,
        SOL_IP => name is IP_MULTICAST_IF or IP_MULTICAST_TTL,
        SOL_IPV6 => name is IPV6_V6ONLY or IPV6_MULTICAST_IF or IPV6_MULTICAST_HOPS,
        _ => false,
    };

    /// <summary>Only what differs is set, because some options ask for rights or for a state of the socket even where they change nothing.</summary>
    private static void Set(SafeFd socket, Socket image, (int Level, int[] Names)[] options)
    {
        foreach (var (level, names) in options)
        {
            foreach (var name in names)
            {
                if (ValueOf(image, level, name) is { } value && SocketCalls.TryOption(socket, level, name) is { } now && !now.AsSpan().SequenceEqual(value))
                {
                    SocketCalls.SetOption(socket, level, name, value);
                }
            }
        }
    }

    /// <summary>The kernel doubles what is set, and locks the size; the lock is put back as it was.</summary>
    private static void SetBufferSizes(SafeFd socket, Socket image)
    {
        foreach (var name in _sizes)
        {
            if (ValueOf(image, SOL_SOCKET, name) is { } value && SocketCalls.Number(socket, SOL_SOCKET, name) != BitConverter.ToInt32(value))
            {
                SocketCalls.SetOption(socket, SOL_SOCKET, name == SO_SNDBUF ? SO_SNDBUFFORCE : SO_RCVBUFFORCE, BitConverter.ToInt32(value) / 2);
            }
        }

        Set(socket, image, [(SOL_SOCKET, [SO_BUF_LOCK])]);
    }
}
