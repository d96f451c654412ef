namespace Checkpointer.Engine.Interop;

/// <summary>socket(2): families, types, protocols, flags of messages, levels of options.</summary>
internal static class SocketNumber
{
    internal const int AF_UNIX = 1;
    internal const int AF_INET = 2;
    internal const int AF_INET6 = 10;
    internal const int AF_NETLINK = 16;
    internal const int SOCK_STREAM = 1;
    internal const int SOCK_DGRAM = 2;
    internal const int SOCK_RAW = 3;
    internal const int SOCK_SEQPACKET = 5;
    internal const int SOCK_NONBLOCK = 0x800;
    internal const int SOCK_CLOEXEC = 0x80000;
    internal const int IPPROTO_ICMP = 1;
    internal const int IPPROTO_TCP = 6;
    internal const int IPPROTO_UDP = 17;
    internal const int IPPROTO_ICMPV6 = 58;
    internal const int IPPROTO_UDPLITE = 136;
    internal const int MSG_PEEK = 2;
    internal const int MSG_CTRUNC = 8;
    internal const int MSG_TRUNC = 0x20;
    internal const int MSG_DONTWAIT = 0x40;
    internal const int MSG_CMSG_CLOEXEC = 0x40000000;
    internal const int MSG_NOSIGNAL = 0x4000;
    internal const int SCM_RIGHTS = 1;
    internal const int SCM_CREDENTIALS = 2;
    internal const int RCV_SHUTDOWN = 1;
    internal const int SEND_SHUTDOWN = 2;
    internal const int SOL_IP = 0;
    internal const int SOL_SOCKET = 1;
    internal const int SOL_TCP = 6;
    internal const int SOL_UDP = 17;
    internal const int SOL_IPV6 = 41;
    internal const int SOL_ICMPV6 = 58;
    internal const int SOL_RAW = 255;
    internal const int SOL_NETLINK = 270;
    internal const int SIOCINQ = 0x541b;
    internal const int SIOCOUTQNSD = 0x894b;
    internal const int POLLIN = 1;
    internal const int POLLPRI = 2;
    internal const int POLLOUT = 4;
    internal const int POLLERR = 8;
    internal const int POLLHUP = 16;
    internal const int POLLRDHUP = 0x2000;
    internal const int SIOCUNIXFILE = 0x89e0;
    internal const int TIOCOUTQ = 0x5411;
}

/// <summary>socket(7), unix(7): options of all sockets.</summary>
internal static class SocketOptionName
{
    internal const int SO_REUSEADDR = 2;
    internal const int SO_DONTROUTE = 5;
    internal const int SO_BROADCAST = 6;
    internal const int SO_SNDBUF = 7;
    internal const int SO_RCVBUF = 8;
    internal const int SO_KEEPALIVE = 9;
    internal const int SO_OOBINLINE = 10;
    internal const int SO_NO_CHECK = 11;
    internal const int SO_PRIORITY = 12;
    internal const int SO_LINGER = 13;
    internal const int SO_REUSEPORT = 15;
    internal const int SO_PASSCRED = 16;
    internal const int SO_PEERCRED = 17;
    internal const int SO_RCVLOWAT = 18;
    internal const int SO_TYPE = 3;
    internal const int SO_RCVTIMEO_OLD = 20;
    internal const int SO_SNDTIMEO_OLD = 21;
    internal const int SO_BINDTODEVICE = 25;
    internal const int SO_ATTACH_FILTER = 26;
    internal const int SO_PEERNAME = 28;
    internal const int SO_TIMESTAMP_OLD = 29;
    internal const int SO_ACCEPTCONN = 30;
    internal const int SO_SNDBUFFORCE = 32;
    internal const int SO_RCVBUFFORCE = 33;
    internal const int SO_PASSSEC = 34;
    internal const int SO_TIMESTAMPNS_OLD = 35;
    internal const int SO_MARK = 36;
    internal const int SO_TIMESTAMPING_OLD = 37;
    internal const int SO_PROTOCOL = 38;
    internal const int SO_DOMAIN = 39;
    internal const int SO_RXQ_OVFL = 40;
    internal const int SO_WIFI_STATUS = 41;
    internal const int SO_PEEK_OFF = 42;
    internal const int SO_NOFCS = 43;
    internal const int SO_LOCK_FILTER = 44;
    internal const int SO_SELECT_ERR_QUEUE = 45;
    internal const int SO_BUSY_POLL = 46;
    internal const int SO_MAX_PACING_RATE = 47;
    internal const int SO_ZEROCOPY = 60;
    internal const int SO_TXTIME = 61;
    internal const int SO_TIMESTAMP_NEW = 63;
    internal const int SO_TIMESTAMPNS_NEW = 64;
    internal const int SO_TIMESTAMPING_NEW = 65;
    internal const int SO_PREFER_BUSY_POLL = 69;
    internal const int SO_BUF_LOCK = 72;
    internal const int SO_RESERVE_MEM = 73;
    internal const int SO_TXREHASH = 74;
    internal const int SO_PASSPIDFD = 76;
}

/// <summary>ip(7), ipv6(7), raw(7): options of Internet sockets.</summary>
internal static class IpOptionName
{
    internal const int IP_TOS = 1;
    internal const int IP_TTL = 2;
    internal const int IP_HDRINCL = 3;
    internal const int IP_OPTIONS = 4;
    internal const int IP_RECVOPTS = 6;
    internal const int IP_RETOPTS = 7;
    internal const int IP_PKTINFO = 8;
    internal const int IP_MTU_DISCOVER = 10;
    internal const int IP_RECVERR = 11;
    internal const int IP_RECVTTL = 12;
    internal const int IP_RECVTOS = 13;
    internal const int IP_FREEBIND = 15;
    internal const int IP_PASSSEC = 18;
    internal const int IP_TRANSPARENT = 19;
    internal const int IP_RECVORIGDSTADDR = 20;
    internal const int IP_MINTTL = 21;
    internal const int IP_NODEFRAG = 22;
    internal const int IP_CHECKSUM = 23;
    internal const int IP_BIND_ADDRESS_NO_PORT = 24;
    internal const int IP_RECVFRAGSIZE = 25;
    internal const int IP_RECVERR_RFC4884 = 26;
    internal const int IP_MULTICAST_IF = 32;
    internal const int IP_MULTICAST_TTL = 33;
    internal const int IP_MULTICAST_LOOP = 34;
    internal const int IP_MULTICAST_ALL = 49;
    internal const int IP_UNICAST_IF = 50;
    internal const int IP_LOCAL_PORT_RANGE = 51;
    internal const int ICMP_FILTER = 1;
    internal const int ICMPV6_FILTER = 1;
    internal const int IPV6_CHECKSUM = 7;
    internal const int IPV6_UNICAST_HOPS = 16;
    internal const int IPV6_MULTICAST_IF = 17;
    internal const int IPV6_MULTICAST_HOPS = 18;
    internal const int IPV6_MULTICAST_LOOP = 19;
    internal const int IPV6_MTU_DISCOVER = 23;
    internal const int IPV6_RECVERR = 25;
    internal const int IPV6_V6ONLY = 26;
    internal const int IPV6_MULTICAST_ALL = 29;
    internal const int IPV6_RECVERR_RFC4884 = 31;
    internal const int IPV6_FLOWINFO_SEND = 33;
    internal const int IPV6_RECVPKTINFO = 49;
    internal const int IPV6_RECVHOPLIMIT = 51;
    internal const int IPV6_RECVHOPOPTS = 53;
    internal const int IPV6_RECVRTHDR = 56;
    internal const int IPV6_RECVDSTOPTS = 58;
    internal const int IPV6_RECVPATHMTU = 60;
    internal const int IPV6_DONTFRAG = 62;
    internal const int IPV6_RECVTCLASS = 66;
    internal const int IPV6_TCLASS = 67;
    internal const int IPV6_AUTOFLOWLABEL = 70;
    internal const int IPV6_ADDR_PREFERENCES = 72;
    internal const int IPV6_MINHOPCOUNT = 73;
    internal const int IPV6_RECVORIGDSTADDR = 74;
    internal const int IPV6_TRANSPARENT = 75;
    internal const int IPV6_UNICAST_IF = 76;
    internal const int IPV6_RECVFRAGSIZE = 77;
    internal const int IPV6_FREEBIND = 78;
}

/// <summary>Multicast groups of both versions, ip(7), linux/in.h.</summary>
internal static class MulticastNumber
{
    internal const int MCAST_JOIN_GROUP = 42;
    internal const int MCAST_BLOCK_SOURCE = 43;
    internal const int MCAST_JOIN_SOURCE_GROUP = 46;
    internal const int MCAST_MSFILTER = 48;
    internal const int MCAST_EXCLUDE = 0;
}

/// <summary>tcp(7), udp(7), netlink(7): options of protocols.</summary>
internal static class TransportOptionName
{
    internal const int TCP_NODELAY = 1;
    internal const int TCP_MAXSEG = 2;
    internal const int TCP_CORK = 3;
    internal const int TCP_KEEPIDLE = 4;
    internal const int TCP_KEEPINTVL = 5;
    internal const int TCP_KEEPCNT = 6;
    internal const int TCP_SYNCNT = 7;
    internal const int TCP_LINGER2 = 8;
    internal const int TCP_DEFER_ACCEPT = 9;
    internal const int TCP_WINDOW_CLAMP = 10;
    internal const int TCP_INFO = 11;
    internal const int TCP_CONGESTION = 13;
    internal const int TCP_THIN_LINEAR_TIMEOUTS = 16;
    internal const int TCP_USER_TIMEOUT = 18;
    internal const int TCP_FASTOPEN = 23;
    internal const int TCP_NOTSENT_LOWAT = 25;
    internal const int TCP_SAVE_SYN = 27;
    internal const int TCP_FASTOPEN_CONNECT = 30;
    internal const int TCP_ULP = 31;
    internal const int TCP_FASTOPEN_NO_COOKIE = 34;
    internal const int TCP_INQ = 36;
    internal const int TCP_TX_DELAY = 37;
    internal const int UDP_CORK = 1;
    internal const int UDP_ENCAP = 100;
    internal const int UDP_NO_CHECK6_TX = 101;
    internal const int UDP_NO_CHECK6_RX = 102;
    internal const int UDP_SEGMENT = 103;
    internal const int UDP_GRO = 104;
    internal const int UDPLITE_SEND_CSCOV = 10;
    internal const int UDPLITE_RECV_CSCOV = 11;
    internal const int NETLINK_ADD_MEMBERSHIP = 1;
    internal const int NETLINK_PKTINFO = 3;
    internal const int NETLINK_BROADCAST_ERROR = 4;
    internal const int NETLINK_NO_ENOBUFS = 5;
    internal const int NETLINK_LISTEN_ALL_NSID = 8;
    internal const int NETLINK_LIST_MEMBERSHIPS = 9;
    internal const int NETLINK_CAP_ACK = 10;
    internal const int NETLINK_EXT_ACK = 11;
    internal const int NETLINK_GET_STRICT_CHK = 12;
}

/// <summary>States of a TCP socket, enum in netinet/tcp.h.</summary>
internal static class TcpState
{
    internal const int TCP_ESTABLISHED = 1;
    internal const int TCP_SYN_SENT = 2;
    internal const int TCP_SYN_RECV = 3;
    internal const int TCP_FIN_WAIT1 = 4;
    internal const int TCP_FIN_WAIT2 = 5;
    internal const int TCP_TIME_WAIT = 6;
    internal const int TCP_CLOSE = 7;
    internal const int TCP_CLOSE_WAIT = 8;
    internal const int TCP_LAST_ACK = 9;
    internal const int TCP_LISTEN = 10;
    internal const int TCP_CLOSING = 11;
}

/// <summary>Making connections without sending anything, tcp(7), linux/tcp.h.</summary>
internal static class TcpRepairNumber
{
    internal const int TCP_REPAIR = 19;
    internal const int TCP_REPAIR_QUEUE = 20;
    internal const int TCP_QUEUE_SEQ = 21;
    internal const int TCP_REPAIR_OPTIONS = 22;
    internal const int TCP_TIMESTAMP = 24;
    internal const int TCP_REPAIR_WINDOW = 29;
    internal const int TCP_REPAIR_ON = 1;
    internal const int TCP_REPAIR_OFF = 0;
    internal const int TCP_REPAIR_OFF_NO_WP = -1;
    internal const int TCP_NO_QUEUE = 0;
    internal const int TCP_RECV_QUEUE = 1;
    internal const int TCP_SEND_QUEUE = 2;
    internal const int TCPOPT_MAXSEG = 2;
    internal const int TCPOPT_WINDOW = 3;
    internal const int TCPOPT_SACK_PERMITTED = 4;
    internal const int TCPOPT_TIMESTAMP = 8;
    internal const int TCPI_OPT_TIMESTAMPS = 1;
    internal const int TCPI_OPT_SACK = 2;
    internal const int TCPI_OPT_WSCALE = 4;
}

/// <summary>sock_diag(7), netlink(7).</summary>
internal static class SocketDiagnosis
{
    internal const int NETLINK_SOCK_DIAG = 4;
    internal const int SOCK_DIAG_BY_FAMILY = 20;
    internal const int SOCK_DESTROY = 21;
    internal const int NLM_F_REQUEST = 1;
    internal const int NLM_F_ACK = 4;
    internal const int NLM_F_DUMP = 0x300;
    internal const int NLM_F_CREATE = 0x400;
    internal const int NLM_F_APPEND = 0x800;
    internal const int NLMSG_ERROR = 2;
    internal const int NLMSG_DONE = 3;
    internal const int UDIAG_SHOW_NAME = 1;
    internal const int UDIAG_SHOW_VFS = 2;
    internal const int UDIAG_SHOW_PEER = 4;
    internal const int UDIAG_SHOW_ICONS = 8;
    internal const int UDIAG_SHOW_RQLEN = 16;
    internal const int UNIX_DIAG_VFS = 1;
    internal const int UNIX_DIAG_PEER = 2;
    internal const int UNIX_DIAG_ICONS = 3;
    internal const int UNIX_DIAG_RQLEN = 4;
    internal const int UNIX_DIAG_SHUTDOWN = 6;
    internal const int INET_DIAG_SHUTDOWN = 8;
}
