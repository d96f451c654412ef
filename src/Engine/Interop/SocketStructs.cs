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

/// <summary>struct inet_diag_req_v2, sock_diag(7); the address in it is not used.</summary>
[StructLayout(LayoutKind.Sequential, Size = 56)]
internal struct inet_diag_req_v2
{
    internal byte sdiag_family;
    internal byte sdiag_protocol;
    internal byte idiag_ext;
    internal byte pad;
    internal uint idiag_states;
}

/// <summary>struct inet_diag_msg, sock_diag(7); only what is read.</summary>
[StructLayout(LayoutKind.Explicit, Size = 72)]
internal struct inet_diag_msg
{
    [FieldOffset(68)]
    internal uint idiag_inode;
}
