using System.Net;
using Checkpointer.Engine.Images;
using Checkpointer.Engine.Interop;
using Checkpointer.Engine.Proc;
using Checkpointer.Engine.Resources;
using Checkpointer.Engine.Support;
using static Checkpointer.Engine.Interop.SocketNumber;

namespace Checkpointer.Engine.Restore;

/// <summary>Makes one socket of the Internet families or of netlink.</summary>
internal sealed class InetSocketBuilder(Socket image)
{
    /// <summary>The socket.</summary>
    public SafeFd Fd { get; } = SocketCalls.Make(image.Family, image.Type, image.Protocol);

    /// <summary>What it is to become.</summary>
    public Socket Image => image;

    private bool IsTcp => image.Type == SOCK_STREAM;

    private bool HasReusePort => SocketOptions.ValueOf(image, SOL_SOCKET, SocketOptionName.SO_REUSEPORT)?.Any(part => part != 0) == true;

    /// <summary>True where both were bound to one port by SO_REUSEPORT; one of them may have switched it off since.</summary>
    public bool SharedPortWith(InetSocketBuilder other) =>
        other != this && image.Family != AF_NETLINK && image.Type != SOCK_RAW && other.Image.Type == image.Type && IsNamed
        && other.Image.Family != AF_NETLINK && InetSockets.Port(other.Image.Address.Span) == InetSockets.Port(image.Address.Span)
        && (HasReusePort || other.HasReusePort);

    /// <summary>Binds it and lets it listen.</summary>
    /// <param name="sharesPort">Another is, or will be, bound to the same port.</param>
    public void Bind(bool sharesPort)
    {
        SocketOptions.SetEarly(Fd, image);
        if (image.Family == AF_NETLINK)
        {
            BindNetlink();
            return;
        }

        // An address may be bound that is not one of this host, and the option for that be off again.
        TrySet(SOL_IP, IpOptionName.IP_FREEBIND);
        if (IsTcp)
        {
            // Connections of the killed job may still wait for their end on its port. It does not help where they had not this option themselves.
            SocketCalls.SetOption(Fd, SOL_SOCKET, SocketOptionName.SO_REUSEADDR, 1);
        }

        if (sharesPort)
        {
            SocketCalls.SetOption(Fd, SOL_SOCKET, SocketOptionName.SO_REUSEPORT, 1);
        }

        try
        {
            BindInet();
        }
        catch (LinuxException exception) when (IsTcp && exception.Errno == Errno.EADDRINUSE)
        {
            InetSocketTable.RemoveClosed(InetSockets.Port(image.Address.Span));
            BindInet();
        }
    }

    /// <summary>Connects it, ends what was ended, and sets the other options.</summary>
    public unsafe void Finish()
    {
        if (image.Family == AF_NETLINK ? NetlinkSockets.IsNamed(image.PeerAddress.Span) : !IsTcp && !image.PeerAddress.IsEmpty)
        {
            SocketCalls.Connect(Fd, image.PeerAddress.Span, image.Family == AF_NETLINK ? "a netlink port" : InetSockets.Text(image.PeerAddress.Span));
        }

        // One that is not connected is shut down all the same, and the kernel says ENOTCONN.
        if (image.Shutdown != 0 && Libc.shutdown(Fd.Number, (int)image.Shutdown - 1) < 0 && LastError.Get() is var errno && errno != Errno.ENOTCONN)
        {
            throw new LinuxException("shutdown", errno);
        }

        if (image.Family != AF_NETLINK && SocketOptions.ValueOf(image, SOL_IP, IpOptionName.IP_FREEBIND) is { } freebind)
        {
            SocketCalls.SetOption(Fd, SOL_IP, IpOptionName.IP_FREEBIND, freebind);
        }

        SocketOptions.SetEarly(Fd, image);
        SocketOptions.SetLate(Fd, image);
        MulticastGroups.Join(Fd, image);
    }

    /// <summary>A raw socket shows its protocol where others show their port.</summary>
    private bool IsNamed => image.Type == SOCK_RAW
        ? !image.Address.IsEmpty && !InetSockets.Host(image.Address.Span).Equals(image.Family == AF_INET ? IPAddress.Any : IPAddress.IPv6Any)
        : InetSockets.Port(image.Address.Span) != 0;

    private void BindInet()
    {
        if (IsNamed && (!IsTcp || InetSockets.Port(SocketCalls.Address(Fd)) == 0))
        {
            SocketCalls.Bind(Fd, image.Address.Span, InetSockets.Text(image.Address.Span));
        }

        if (image.IsListening)
        {
            SocketCalls.Listen(Fd, (int)image.Backlog);
        }
    }

    private void TrySet(int level, int name)
    {
        if (SocketCalls.TryOption(Fd, level, name) is not null)
        {
            SocketCalls.SetOption(Fd, level, name, 1);
        }
    }

    private void BindNetlink()
    {
        if (NetlinkSockets.IsNamed(image.Address.Span))
        {
            SocketCalls.Bind(Fd, image.Address.Span, "a netlink port");
        }

        // The first 32 groups are part of the address.
        var groups = SocketOptions.ValueOf(image, SOL_NETLINK, TransportOptionName.NETLINK_LIST_MEMBERSHIPS) ?? [];
        for (var group = 32; group < groups.Length * 8; group++)
        {
            if ((groups[group / 8] & (1 << (group % 8))) != 0)
            {
                SocketCalls.SetOption(Fd, SOL_NETLINK, TransportOptionName.NETLINK_ADD_MEMBERSHIP, group + 1);
            }
        }
    }
}
