using System.Globalization;
using System.Net;
using System.Net.NetworkInformation;
using Checkpointer.Engine.Images;
using Checkpointer.Engine.Interop;
using Checkpointer.Engine.PacketFilter;
using Checkpointer.Engine.Proc;
using Checkpointer.Engine.Support;
using Google.Protobuf;
using static Checkpointer.Engine.Images.TcpConnection.Types;
using static Checkpointer.Engine.Interop.TcpState;

namespace Checkpointer.Engine.Resources;

/// <summary>
/// Finds how the TCP sockets of a job are connected, once all are known, and which connections lead out of it. The two ends of a connection on
/// one host are two sockets with the same addresses the other way round.
/// </summary>
/// <param name="choice">What becomes of connections that lead out of the job.</param>
/// <param name="isFrozen">False in preflight, where the job may open an end after its descriptors were looked at.</param>
/// <param name="findings">Told what is refused or differs.</param>
internal sealed class TcpPeers(TcpChoice choice, bool isFrozen, FindingList findings)
{
    private readonly Dictionary<(IPEndPoint Local, IPEndPoint Remote), TcpSocketState> _byAddresses = [];
    private readonly Dictionary<uint, TcpSocketState> _states = [];
    private readonly Dictionary<int, uint> _waiting = [];
    private Dictionary<uint, SocketUse> _byInode = [];
    private List<SocketUse> _listeners = [];

    /// <summary>Fills in peers and shutdown states.</summary>
    /// <param name="sockets">All sockets of the job.</param>
    public void Resolve(IReadOnlyList<SocketUse> sockets)
    {
        var connected = sockets.Where(socket => socket.Image.Tcp is not null).ToList();
        if (connected.Count == 0)
        {
            return;
        }

        _byInode = sockets.ToDictionary(socket => socket.Inode);
        _listeners = [.. sockets.Where(socket => socket.Image is { IsListening: true, Protocol: SocketNumber.IPPROTO_TCP })];
        foreach (var state in InetSocketTable.Tcp())
        {
            if (state.Inode != 0)
            {
                _states[state.Inode] = state;
            }

            if (state.State != TCP_LISTEN)
            {
                _byAddresses[(state.Local, state.Remote)] = state;
            }
        }

        foreach (var socket in connected.Where(socket => socket.Image.Tcp.Peer == Peer.None && !socket.Image.IsListening))
        {
            // Not there: closed, or at its end, meanwhile: in preflight, where the job runs on.
            if (_states.TryGetValue(socket.Inode, out var state))
            {
                Resolve(socket, state);
            }
        }

        ResolveStrangers();
    }

    private void Resolve(SocketUse socket, TcpSocketState state)
    {
        socket.Image.Shutdown = state.Shutdown;
        if (state.State == TCP_SYN_SENT)
        {
            socket.Image.Tcp.Peer = Peer.Connecting;
            socket.Image.PeerAddress = ByteString.CopyFrom(InetSockets.Raw(socket.Image.Family, state.Remote));
        }
        else if (state.State == TCP_SYN_RECV || state.Local.Equals(state.Remote))
        {
            Refuse(socket, state, "that is being opened from both sides, or to itself");
        }
        else if (!_byAddresses.TryGetValue((state.Remote, state.Local), out var peer))
        {
            ResolveWithoutPeer(socket, state);
        }
        else if (_byInode.TryGetValue(peer.Inode, out var other))
        {
            socket.Image.Tcp.Peer = Peer.Socket;
            socket.Image.Tcp.PeerFile = other.File.Id;
        }
        else if (peer.Inode != 0)
        {
            ResolveHeld(socket, state, peer.Inode);
        }
        else if (peer.State is TCP_ESTABLISHED or TCP_CLOSE_WAIT or TCP_SYN_RECV)
        {
            ResolveWaiting(socket, state, peer);
        }
        else
        {
            ResolveClosed(socket, state, peer);
        }
    }

    private void ResolveWithoutPeer(SocketUse socket, TcpSocketState state)
    {
        if (IsOfThisHost(state))
        {
            socket.Image.Tcp.Peer = Peer.Vanished;
        }
        else
        {
            LeadOut(socket, state, "outside of the job");
        }
    }

    /// <summary>What a closed socket has not sent yet cannot be asked for.</summary>
    private void ResolveClosed(SocketUse socket, TcpSocketState state, TcpSocketState peer)
    {
        socket.Image.Tcp.Peer = Peer.Closed;
        if (peer.State != TCP_TIME_WAIT && peer.Unacknowledged > 1 && (state.Shutdown & SocketNumber.RCV_SHUTDOWN) == 0)
        {
            LeadOut(socket, state, string.Create(CultureInfo.InvariantCulture, $"whose other end was closed and has {peer.Unacknowledged - 1} bytes underway that nobody can read yet"));
        }
    }

    private void ResolveWaiting(SocketUse client, TcpSocketState state, TcpSocketState peer)
    {
        var listener = _listeners.FirstOrDefault(listener => Accepts(listener.Image, state.Remote));
        if (listener is null)
        {
            LeadOut(client, state, "that waits to be accepted outside of the job");
            return;
        }

        var endOfStream = (state.Shutdown & SocketNumber.SEND_SHUTDOWN) != 0 ? 1 : 0;
        if (peer.Unread > endOfStream || state.Unacknowledged > endOfStream)
        {
            Refuse(client, state, "that was not accepted yet, with data sent on it");
            return;
        }

        client.Image.Tcp.Peer = Peer.Waiting;
        client.Image.Tcp.PeerFile = listener.File.Id;
        _waiting[state.Remote.Port] = _waiting.GetValueOrDefault(state.Remote.Port) + 1;
    }

    private static bool Accepts(Socket listener, IPEndPoint address)
    {
        var own = TcpSocketState.Normal(new IPEndPoint(InetSockets.Host(listener.Address.Span), InetSockets.Port(listener.Address.Span)));
        return own.Port == address.Port
            && (own.Address.Equals(address.Address) || own.Address.Equals(IPAddress.IPv6Any) || (own.Address.Equals(IPAddress.Any) && address.Address.GetAddressBytes().Length == IPAddress.Any.GetAddressBytes().Length));
    }

    /// <summary>Connections that wait in the queues of the job's sockets must come from the job. Sockets that share a port share its clients.</summary>
    private void ResolveStrangers()
    {
        foreach (var port in _listeners.Where(listener => listener.Image.Tcp is not null).GroupBy(listener => InetSockets.Port(listener.Image.Address.Span)))
        {
            var strangers = port.Sum(listener => _states.TryGetValue(listener.Inode, out var state) ? state.Unread : 0) - _waiting.GetValueOrDefault(port.Key);
            if (strangers > 0)
            {
                ReportStrangers(port.First(), strangers);
            }
        }
    }

    private void ReportStrangers(SocketUse listener, long strangers)
    {
        var descriptor = listener.Descriptor;
        var sentence = string.Create(
            CultureInfo.InvariantCulture,
            $"Descriptor {descriptor.Number} of process {descriptor.Process} is a TCP socket that listens on {InetSockets.Text(listener.Image.Address.Span)} with {strangers} connections that were not accepted yet and whose other ends are outside of the job, or gone");
        if (choice == TcpChoice.Refuse)
        {
            findings.Refuse(descriptor.Process, "descriptor", $"{sentence}; it cannot be carried unless they may be lost (--tcp close or keep).");
        }
        else
        {
            findings.Note(descriptor.Process, "descriptor", $"{sentence}; they are lost at a restore.");
        }
    }

    private static bool IsOfThisHost(TcpSocketState state)
    {
        var address = state.Remote.Address;
        return IPAddress.IsLoopback(address)
            || address.Equals(state.Local.Address)
            || NetworkInterface.GetAllNetworkInterfaces().Any(network => network.GetIPProperties().UnicastAddresses.Any(own => address.Equals(TcpSocketState.Normal(new IPEndPoint(own.Address, 0)).Address)));
    }

    /// <summary>In preflight a process of the job may have opened the other end after its descriptors were looked at. Looking through all processes of the
    /// host takes long: in the freeze only to name the holder in a refusal.</summary>
    private void ResolveHeld(SocketUse socket, TcpSocketState state, uint peer)
    {
        if (isFrozen && choice != TcpChoice.Refuse)
        {
            LeadOut(socket, state, "outside of the job");
            return;
        }

        var job = _byInode.Values.Select(use => use.Descriptor.Process).ToHashSet();
        var link = string.Create(CultureInfo.InvariantCulture, $"socket:[{peer}]");
        var holders = DescriptorLink.OfAllBut(new HashSet<ProcessId>()).Where(descriptor => descriptor.Target == link).Select(descriptor => descriptor.Process).ToList();
        if (holders.Any(holder => job.Contains(holder) || ProcessAncestry.IsBelow(holder, job)))
        {
            return;
        }

        LeadOut(socket, state, choice != TcpChoice.Refuse ? "outside of the job" : holders is [var stranger, ..]
            ? $"outside of the job, to process {stranger} ({ProcFs.TryStat(stranger)?.Comm ?? "gone"})"
            : $"outside of the job, to a socket that nobody seems to hold ({link})");
    }

    /// <summary>A connection that leads out of the job: refused, or reset after a restore.</summary>
    private void LeadOut(SocketUse socket, TcpSocketState state, string what)
    {
        if (choice == TcpChoice.Refuse)
        {
            findings.Refuse(
                socket.Descriptor.Process, "descriptor",
                $"{Describe(socket, state, what)}; it cannot be carried: end it, or have it reset when the job is restored (--tcp close), or kept (--tcp keep).");
            return;
        }

        socket.Image.Tcp.Peer = Peer.Outside;
        if (choice == TcpChoice.Close)
        {
            findings.Note(socket.Descriptor.Process, "descriptor", $"{Describe(socket, state, what)}; after a restore its peer has reset it.");
        }
        else if (isFrozen || WhyNotKept() is not { } reason)
        {
            findings.Note(
                socket.Descriptor.Process, "descriptor",
                $"{Describe(socket, state, what)}; it goes on after `dump --stop` and a restore on this host before that is started again; after any other restore its peer has reset it.");
        }
        else
        {
            findings.Refuse(
                socket.Descriptor.Process, "descriptor",
                $"{Describe(socket, state, what)}; it cannot be kept, because packets cannot be kept from it ({reason}): it can be reset when the job is restored (--tcp close).");
        }
    }

    /// <summary>Null where packets can be kept from a connection while there is no job that has it.</summary>
    private static string? WhyNotKept()
    {
        try
        {
            FilterTables.Try();
            return null;
        }
        catch (LinuxException exception)
        {
            return exception.Message;
        }
    }

    private void Refuse(SocketUse socket, TcpSocketState state, string what) =>
        findings.Refuse(socket.Descriptor.Process, "descriptor", $"{Describe(socket, state, what)}; it cannot be carried.");

    private static string Describe(SocketUse socket, TcpSocketState state, string what) =>
        $"Descriptor {socket.Descriptor.Number} of process {socket.Descriptor.Process} is a TCP connection from {state.Local} to {state.Remote} ({socket.Descriptor.Target}) {what}";
}
