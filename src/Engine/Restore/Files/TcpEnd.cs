using System.Net;
using Checkpointer.Engine.Images;
using Checkpointer.Engine.Interop;
using Checkpointer.Engine.PacketFilter;
using Checkpointer.Engine.Proc;
using Checkpointer.Engine.Resources;
using Checkpointer.Engine.Support;
using static Checkpointer.Engine.Interop.SocketNumber;
using static Checkpointer.Engine.Interop.SocketOptionName;
using static Checkpointer.Engine.Interop.TcpRepairNumber;

namespace Checkpointer.Engine.Restore;

/// <summary>
/// One end of a TCP connection under restore, or one that stands in for a peer that the job had lost. It is connected in repair mode, without a packet
/// and without a listening socket; what was received is put into it the same way, so that it holds what it held.
/// </summary>
internal sealed class TcpEnd : IDisposable
{
    private const int SmallestSegment = 536; // RFC 9293, 3.7.1: what everybody takes
    private const uint PlausibleWindow = 1 << 16;

    private readonly byte[] _received;
    private TcpRepair? _repair;

    public TcpEnd(Socket image)
    {
        Image = image;
        _received = [.. image.Received.SelectMany(message => message.Data)];
        Fd = SocketCalls.Make(image.Family, image.Type, image.Protocol);
        SocketOptions.SetEarly(Fd, image);
        if (image.Family == AF_INET6)
        {
            // Either kind of address may be bound.
            SocketCalls.SetOption(Fd, SOL_IPV6, IpOptionName.IPV6_V6ONLY, 0);
        }
    }

    /// <summary>The socket.</summary>
    public SafeFd Fd { get; }

    /// <summary>What it is to become.</summary>
    public Socket Image { get; }

    /// <summary>TCP_ESTABLISHED and so on.</summary>
    public int State => SocketCalls.TryOption(Fd, SOL_TCP, TransportOptionName.TCP_INFO) is { Length: > 0 } info
        ? info[0]
        : throw new LinuxException("getsockopt(TCP_INFO)", LastError.Get());

    /// <summary>A stand-in for the lost peer of an end.</summary>
    public static TcpEnd LostPeerOf(Socket image, ReadOnlySpan<byte> address)
    {
        var options = image.Tcp.Clone();
        (options.SendScale, options.ReceiveScale) = (options.ReceiveScale, options.SendScale);
        return new TcpEnd(new Socket
        {
            Family = image.Family,
            Type = image.Type,
            Protocol = image.Protocol,
            Address = Google.Protobuf.ByteString.CopyFrom(address),
            PeerAddress = image.Address,
            Tcp = options,
        });
    }

    /// <summary>Its address on this host, where it has none the loopback one, with another port.</summary>
    public byte[] NearbyAddress()
    {
        var host = Image.Address.IsEmpty ? IPAddress.Any : InetSockets.Host(Image.Address.Span);
        return host.Equals(IPAddress.Any) || host.Equals(IPAddress.IPv6Any) ? Loopback(0) : InetSockets.WithPort(Image.Address.Span, 0);
    }

    /// <summary>Binds it to its own address, or to its port of the loopback one where this host does not have that address any more.</summary>
    public void BindAnywhere()
    {
        try
        {
            Bind(Image.Address.Span);
        }
        catch (LinuxException exception) when (exception.Errno == Errno.EADDRNOTAVAIL)
        {
            Image.Address = Google.Protobuf.ByteString.CopyFrom(Loopback(InetSockets.Port(Image.Address.Span)));
        }
    }

    private byte[] Loopback(int port) =>
        InetSockets.Raw(Image.Family, new IPEndPoint(Image.Family == AF_INET6 ? IPAddress.IPv6Loopback : IPAddress.Loopback, port));

    /// <summary>Binds it, whatever is left on its port of connections of the killed job.</summary>
    public void Bind(ReadOnlySpan<byte> address)
    {
        if (_repair is null)
        {
            using var repair = TcpRepair.Begin(Fd);
            SocketCalls.Bind(Fd, address, InetSockets.Text(address));
        }
        else
        {
            SocketCalls.Bind(Fd, address, InetSockets.Text(address));
        }
    }

    /// <summary>Connects it to its peer's address and fills it; it stays silent until <see cref="Wake"/>.</summary>
    /// <param name="sends">Number of the next byte that it sends.</param>
    /// <param name="receives">Number of the next byte that it receives, after those that it has.</param>
    /// <param name="segmentBytes">The longest segment that the peer takes.</param>
    public void Establish(uint sends, uint receives, uint segmentBytes)
    {
        Connect(sends, receives);
        SetParameters(Math.Max(segmentBytes, SmallestSegment));
        PutReceived();
        SetWindow(receives, 0);
    }

    /// <summary>Connects it to the peer that it has had all the time, as it was; it stays silent until <see cref="GoOn"/>.</summary>
    public void Resume()
    {
        var kept = Image.Tcp.Kept;
        var peerEnds = TcpKeeper.HasEnd((int)kept.State) ? 1u : 0;
        var ownEnd = TcpKeeper.HasOwnEnd((int)kept.State) ? 1u : 0;
        var first = unchecked(kept.Written - ownEnd - (uint)Image.Tcp.Unsent.Length - (uint)kept.Sent.Length);
        var receives = unchecked(kept.Received - peerEnds);
        MakeRoom(SO_SNDBUF, SO_SNDBUFFORCE, 2 * (kept.Sent.Length + Image.Tcp.Unsent.Length));
        Connect(first, receives);
        SetParameters(kept.SegmentBytes);
        if ((Image.Tcp.Options & TCPI_OPT_TIMESTAMPS) != 0)
        {
            SocketCalls.SetOption(Fd, SOL_TCP, TCP_TIMESTAMP, unchecked((int)kept.Timestamp));
        }

        PutReceived();
        SocketCalls.SetOption(Fd, SOL_TCP, TCP_REPAIR_QUEUE, TCP_SEND_QUEUE);
        SocketCalls.Send(Fd, kept.Sent.Span, "a queue of sent data");
        SocketCalls.SetOption(Fd, SOL_TCP, TCP_REPAIR_QUEUE, TCP_NO_QUEUE);
        SetWindow(kept, receives);
        if (peerEnds != 0)
        {
            Hear(ForgedSegment.End, receives, first, (ushort)Math.Min(kept.SendWindow >> (int)Image.Tcp.SendScale, ushort.MaxValue));
        }
    }

    /// <summary>Makes it one that has ended, with the addresses that it had, without a word to whoever has that of its peer now: packets are kept back meanwhile.</summary>
    /// <returns>False where that cannot be: there is such a connection, or no way to the peer, or packets cannot be kept back.</returns>
    public bool TryEnd(uint sends, uint receives)
    {
        using var filter = FilterTables.TryBlock(InetSockets.Addresses(Image));
        if (filter is null || !TryConnect(sends, receives))
        {
            return false;
        }

        SetParameters(Math.Max(Image.Tcp.SegmentBytes, SmallestSegment));
        PutReceived();
        SetWindow(receives, PlausibleWindow);
        if (Image.HasError)
        {
            Hear(ForgedSegment.Reset, receives, sends, 0);
        }
        else
        {
            Hear(ForgedSegment.End, receives, sends, ushort.MaxValue);
            // In repair mode what goes to this queue counts as sent.
            SocketCalls.SetOption(Fd, SOL_TCP, TCP_REPAIR_QUEUE, TCP_SEND_QUEUE);
            SocketCalls.Shutdown(Fd, SEND_SHUTDOWN);
            SocketCalls.SetOption(Fd, SOL_TCP, TCP_REPAIR_QUEUE, TCP_NO_QUEUE);
            Hear(ForgedSegment.Acknowledgement, unchecked(receives + 1), unchecked(sends + 1), ushort.MaxValue);
        }

        _repair!.Dispose();
        Share();
        return true;
    }

    /// <summary>Lets it talk to its peer again, sends what was not sent, ends what was ended, and sets its own options. An end of stream that the peer
    /// has acknowledged is sent once more, which it answers.</summary>
    public void GoOn()
    {
        _repair!.EndWithProbe();
        SocketCalls.Send(Fd, Image.Tcp.Unsent.Span, InetSockets.Text(Image.PeerAddress.Span));
        Shut(TcpKeeper.HasEnd((int)Image.Tcp.Kept.State) ? SEND_SHUTDOWN : 0u);
        SetOptions();
    }

    /// <summary>Lets it talk, and asks the peer how much it takes.</summary>
    public void Wake()
    {
        _repair!.EndWithProbe();
        Share();
    }

    /// <summary>Lets it talk, though nobody will answer.</summary>
    public void WakeAlone(uint receives)
    {
        SetWindow(receives, PlausibleWindow);
        _repair!.Dispose();
        Share();
    }

    /// <summary>Lets other sockets be bound to its port, until its own options are set.</summary>
    public void Share() => SocketCalls.SetOption(Fd, SOL_SOCKET, SO_REUSEADDR, 1);

    /// <summary>Sends what the peer had not received.</summary>
    public void Send()
    {
        MakeRoom(SO_SNDBUF, SO_SNDBUFFORCE, Image.Tcp.Unsent.Length);
        SocketCalls.Send(Fd, Image.Tcp.Unsent.Span, InetSockets.Text(Image.PeerAddress.Span));
    }

    /// <summary>Shuts the directions that were shut; a reading one only where the peer has not done it by shutting its own.</summary>
    public void Shut(uint shutByPeer)
    {
        var directions = Image.Shutdown & ~(shutByPeer >> 1);
        if (directions != 0 && State != TcpState.TCP_CLOSE)
        {
            SocketCalls.Shutdown(Fd, directions);
        }
    }

    /// <summary>Breaks the connection off: the peer is told that it was reset.</summary>
    public void Reset()
    {
        // struct linger { 1, 0 }
        SocketCalls.SetOption(Fd, SOL_SOCKET, SO_LINGER, BitConverter.GetBytes(1L));
        Fd.Dispose();
    }

    /// <summary>Sets its own options. They also undo what was set here for a while.</summary>
    public void SetOptions()
    {
        SocketOptions.SetEarly(Fd, Image);
        SocketOptions.SetLate(Fd, Image);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _repair?.Dispose();
        Fd.Dispose();
    }

    private void MakeRoom(int size, int force, int bytes)
    {
        var own = SocketOptions.ValueOf(Image, SOL_SOCKET, size) is { } value ? BitConverter.ToInt32(value) : 0;
        var wanted = Math.Max(own, 2 * bytes);
        if (wanted > SocketCalls.Number(Fd, SOL_SOCKET, size))
        {
            SocketCalls.SetOption(Fd, SOL_SOCKET, force, wanted / 2);
        }
    }

    private void Connect(uint sends, uint receives)
    {
        MakeRoom(SO_RCVBUF, SO_RCVBUFFORCE, _received.Length);
        _repair = TcpRepair.Begin(Fd);
        _repair.SetSequence(TCP_SEND_QUEUE, sends);
        _repair.SetSequence(TCP_RECV_QUEUE, unchecked(receives - (uint)_received.Length));
        if (SocketCalls.Address(Fd) is var own && InetSockets.Port(own) == 0)
        {
            Bind(Image.Address.Span);
        }

        SocketCalls.Connect(Fd, Image.PeerAddress.Span, InetSockets.Text(Image.PeerAddress.Span));
    }

    private bool TryConnect(uint sends, uint receives)
    {
        try
        {
            // The connection of the killed job may still wait for its end.
            var addresses = InetSockets.Addresses(Image);
            InetSocketTable.RemoveClosed(addresses.Local.Port, addresses.Remote);
            Connect(sends, receives);
            return true;
        }
        catch (LinuxException exception) when (exception.Errno is Errno.EADDRNOTAVAIL or Errno.ENETUNREACH or Errno.EHOSTUNREACH or Errno.EINVAL)
        {
            _repair!.Dispose();
            return false;
        }
    }

    /// <summary>Has it receive a segment of its peer.</summary>
    private void Hear(byte flags, uint sequence, uint acknowledged, ushort window)
    {
        var addresses = InetSockets.Addresses(Image);
        new ForgedSegment(addresses.Remote, addresses.Local, flags, sequence, acknowledged, window).Send(FilterRules.Mark, InetSockets.HostOnly(Image.Address.Span));
    }

    private void PutReceived()
    {
        SocketCalls.SetOption(Fd, SOL_TCP, TCP_REPAIR_QUEUE, TCP_RECV_QUEUE);
        SocketCalls.Send(Fd, _received, "a queue of received data");
    }

    private unsafe void SetParameters(uint segmentBytes)
    {
        var options = stackalloc tcp_repair_opt[4];
        var count = 0;
        options[count++] = new tcp_repair_opt { opt_code = TCPOPT_MAXSEG, opt_val = segmentBytes };
        if ((Image.Tcp.Options & TCPI_OPT_WSCALE) != 0)
        {
            options[count++] = new tcp_repair_opt { opt_code = TCPOPT_WINDOW, opt_val = Image.Tcp.SendScale | (Image.Tcp.ReceiveScale << 16) };
        }

        if ((Image.Tcp.Options & TCPI_OPT_SACK) != 0)
        {
            options[count++] = new tcp_repair_opt { opt_code = TCPOPT_SACK_PERMITTED };
        }

        if ((Image.Tcp.Options & TCPI_OPT_TIMESTAMPS) != 0)
        {
            options[count++] = new tcp_repair_opt { opt_code = TCPOPT_TIMESTAMP };
        }

        SocketCalls.SetOption(Fd, SOL_TCP, TCP_REPAIR_OPTIONS, new ReadOnlySpan<byte>(options, count * sizeof(tcp_repair_opt)));
    }

    /// <summary>No window is known at first, of neither side: the first words between them tell it.</summary>
    private unsafe void SetWindow(uint receives, uint peerTakes)
    {
        var window = new tcp_repair_window { snd_wl1 = unchecked(receives - 1), snd_wnd = peerTakes, max_window = peerTakes, rcv_wup = receives };
        SocketCalls.SetOption(Fd, SOL_TCP, TCP_REPAIR_WINDOW, new ReadOnlySpan<byte>(&window, sizeof(tcp_repair_window)));
    }

    /// <summary>As it was; but the peer's end of stream, which may be acknowledged, comes only now.</summary>
    private unsafe void SetWindow(KeptConnection kept, uint receives)
    {
        var ahead = Math.Max(unchecked((int)(kept.WindowSent - receives)), 0);
        var window = new tcp_repair_window
        {
            snd_wl1 = kept.WindowUpdate,
            snd_wnd = kept.SendWindow,
            max_window = kept.SendWindowMax,
            rcv_wnd = kept.ReceiveWindow + (uint)ahead,
            rcv_wup = unchecked(kept.WindowSent - (uint)ahead),
        };
        SocketCalls.SetOption(Fd, SOL_TCP, TCP_REPAIR_WINDOW, new ReadOnlySpan<byte>(&window, sizeof(tcp_repair_window)));
    }
}
