using System.Runtime.InteropServices;

namespace Checkpointer.Engine.Interop;

/// <summary>struct msghdr, sendmsg(2).</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct msghdr
{
    internal nint msg_name;
    internal uint msg_namelen;
    internal nint msg_iov;
    internal nuint msg_iovlen;
    internal nint msg_control;
    internal nuint msg_controllen;
    internal int msg_flags;
}

/// <summary>struct cmsghdr, cmsg(3); the data follows.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct cmsghdr
{
    internal nuint cmsg_len;
    internal int cmsg_level;
    internal int cmsg_type;
}

/// <summary>struct ucred, unix(7).</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct ucred
{
    internal int pid;
    internal uint uid;
    internal uint gid;
}

/// <summary>struct pollfd, poll(2).</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct pollfd
{
    internal int fd;
    internal short events;
    internal short revents;
}

/// <summary>struct nlmsghdr, netlink(7).</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct nlmsghdr
{
    internal uint nlmsg_len;
    internal ushort nlmsg_type;
    internal ushort nlmsg_flags;
    internal uint nlmsg_seq;
    internal uint nlmsg_pid;
}

/// <summary>struct nlattr, netlink(7).</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct nlattr
{
    internal ushort nla_len;
    internal ushort nla_type;
}

/// <summary>struct unix_diag_req, sock_diag(7).</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct unix_diag_req
{
    internal byte sdiag_family;
    internal byte sdiag_protocol;
    internal ushort pad;
    internal uint udiag_states;
    internal uint udiag_ino;
    internal uint udiag_show;
    internal ulong udiag_cookie;
}

/// <summary>struct unix_diag_msg, sock_diag(7).</summary>
[StructLayout(LayoutKind.Sequential, Pack = 4)]
internal struct unix_diag_msg
{
    internal byte udiag_family;
    internal byte udiag_type;
    internal byte udiag_state;
    internal byte pad;
    internal uint udiag_ino;
    internal ulong udiag_cookie;
}

/// <summary>struct unix_diag_vfs, sock_diag(7).</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct unix_diag_vfs
{
    internal uint udiag_vfs_ino;
    internal uint udiag_vfs_dev;
}

/// <summary>struct unix_diag_rqlen, sock_diag(7).</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct unix_diag_rqlen
{
    internal uint udiag_rqueue;
    internal uint udiag_wqueue;
}

/// <summary>struct inet_diag_req_v2, sock_diag(7).</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct inet_diag_req_v2
{
    internal byte sdiag_family;
    internal byte sdiag_protocol;
    internal byte idiag_ext;
    internal byte pad;
    internal uint idiag_states;
    internal inet_diag_sockid id;
}

/// <summary>struct inet_diag_msg, sock_diag(7); the addresses, of 16 bytes each, are read as bytes.</summary>
[StructLayout(LayoutKind.Explicit, Size = 72)]
internal struct inet_diag_msg
{
    [FieldOffset(0)]
    internal byte idiag_family;

    [FieldOffset(1)]
    internal byte idiag_state;

    [FieldOffset(4)]
    internal inet_diag_sockid id;

    [FieldOffset(56)]
    internal uint idiag_rqueue;

    [FieldOffset(60)]
    internal uint idiag_wqueue;

    [FieldOffset(68)]
    internal uint idiag_inode;
}

/// <summary>struct inet_diag_sockid, sock_diag(7); ports and addresses are in network order.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct inet_diag_sockid
{
    internal ushort idiag_sport;
    internal ushort idiag_dport;
    internal fixed byte idiag_src[16];
    internal fixed byte idiag_dst[16];
    internal uint idiag_if;
    internal fixed uint idiag_cookie[2];
}

/// <summary>struct tcp_repair_opt, linux/tcp.h.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct tcp_repair_opt
{
    internal uint opt_code;
    internal uint opt_val;
}

/// <summary>struct tcp_repair_window, linux/tcp.h.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct tcp_repair_window
{
    internal uint snd_wl1;
    internal uint snd_wnd;
    internal uint max_window;
    internal uint rcv_wnd;
    internal uint rcv_wup;
}

/// <summary>struct sockaddr_storage, linux/socket.h: room for every address.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct sockaddr_storage
{
    internal fixed ulong words[16];
}

/// <summary>struct group_req, linux/in.h.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct group_req
{
    internal uint gr_interface;
    internal sockaddr_storage gr_group;
}

/// <summary>struct group_source_req, linux/in.h.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct group_source_req
{
    internal uint gsr_interface;
    internal sockaddr_storage gsr_group;
    internal sockaddr_storage gsr_source;
}

/// <summary>struct group_filter, linux/in.h, without the sources that follow.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct group_filter
{
    internal uint gf_interface;
    internal sockaddr_storage gf_group;
    internal uint gf_fmode;
    internal uint gf_numsrc;
}
