using Checkpointer.Engine.Images;
using Checkpointer.Engine.Interop;
using Checkpointer.Engine.Resources;
using Checkpointer.Engine.Support;
using static Checkpointer.Engine.Images.UnixSocket.Types;

namespace Checkpointer.Engine.Restore;

/// <summary>
/// Makes the AF_UNIX sockets of a job in our own process: first those that stand alone or listen, then pairs, each connected the way that gives
/// both ends their names; after that (<see cref="Finish"/>) what was in them, and what must not be there while they are filled.
/// </summary>
internal sealed class UnixSocketBuilder(IEnumerable<OpenFile> sockets, SocketCaller caller, SocketHolders holders) : IDisposable
{
    private readonly Dictionary<uint, UnixSocketEnd> _ends = sockets.ToDictionary(file => file.Id, file => new UnixSocketEnd(file.Socket));
    private readonly List<UnixSocketEnd> _lost = [];
    private readonly Dictionary<UnixSocketEnd, UnixSocketEnd> _partners = [];
    private readonly SocketNames _names = new();

    /// <summary>Makes all.</summary>
    /// <returns>Sockets by number of their open file.</returns>
    public Dictionary<uint, SafeFd> Build()
    {
        SocketNames.RequirePlaces(_ends.Values.Where(end => !end.Image.Unix.FileIsGone).Select(end => end.Image.Unix.File.ToStringUtf8()));

        foreach (var end in _ends.Values.Where(StandsAlone))
        {
            MakeAlone(end);
        }

        foreach (var (_, end) in _ends.Where(pair => pair.Value.Image.Unix.Peer is Peer.Socket or Peer.Closed))
        {
            if (!end.IsMade)
            {
                MakeConnection(end, PartnerOf(end));
            }
        }

        return _ends.ToDictionary(pair => pair.Key, pair => pair.Value.Fd);
    }

    /// <summary>Fills all, connects datagram sockets and waiting clients, ends what was ended, sets the remaining options.</summary>
    /// <param name="files">All open files, for messages that carry some.</param>
    public void Finish(IReadOnlyDictionary<uint, SafeFd> files)
    {
        var filler = new UnixSocketFiller(_names, [.. _ends.Values], _partners, files);
        foreach (var end in _ends.Values)
        {
            filler.Fill(end);
        }

        ConnectWaiting();
        new UnixDatagramConnector(_ends, _partners, _names).Connect();
        foreach (var end in _ends.Values.Where(end => !end.Image.HasError))
        {
            SocketCalls.Shutdown(end.Fd, end.Image.Shutdown & ~BeforeConnecting(end));
        }

        // An end that is closed with something unread leaves an error at the other.
        filler.LeaveErrors(_ends.Values.Where(end => end.Image.HasError));
        _lost.ForEach(end => end.Fd.Dispose());
        foreach (var end in _ends.Values)
        {
            end.Place();
            SocketOptions.SetEarly(end.Fd, end.Image);
            SocketOptions.SetLate(end.Fd, end.Image);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _names.Dispose();

    private static bool IsStream(UnixSocketEnd end) => end.Image.Type != SocketNumber.SOCK_DGRAM;

    private bool StandsAlone(UnixSocketEnd end) => end.Image.Unix.Peer switch
    {
        Peer.None or Peer.Named or Peer.Waiting => true,
        _ when IsStream(end) => false,
        // A datagram socket whose peer has a name was connected by it; else they were made as a pair.
        Peer.Closed => !end.Image.PeerAddress.IsEmpty,
        _ => !_ends[end.Image.Unix.PeerFile].Image.Address.IsEmpty && !_ends.Values.Any(other => IsPairedWith(other, end)),
    };

    private bool IsPairedWith(UnixSocketEnd other, UnixSocketEnd end) =>
        other.Image.Unix.Peer == Peer.Socket && _ends[other.Image.Unix.PeerFile] == end && end.Image.Address.IsEmpty;

    private void MakeAlone(UnixSocketEnd end)
    {
        end.Fd = SocketCalls.Make(SocketNumber.AF_UNIX, end.Image.Type, 0);
        SocketOptions.SetEarly(end.Fd, end.Image);
        end.Bind(_names);
        if (end.Image.IsListening)
        {
            caller.Listen(end.Fd, (int)end.Image.Backlog, end.Image.Unix.PeerCredentials);
        }
    }

    private UnixSocketEnd PartnerOf(UnixSocketEnd end)
    {
        if (end.Image.Unix.Peer == Peer.Socket)
        {
            return _ends.Values.FirstOrDefault(other => !IsStream(end) && IsPairedWith(other, end)) ?? _ends[end.Image.Unix.PeerFile];
        }

        var lost = UnixSocketEnd.LostPeerOf(end.Image);
        _lost.Add(lost);
        return lost;
    }

    private void MakeConnection(UnixSocketEnd first, UnixSocketEnd second)
    {
        _partners[first] = second;
        if (!second.IsMade)
        {
            _partners[second] = first;
        }

        if (IsStream(first) && ListenerFor(first, second) is { } listener)
        {
            var isSecondAccepted = listener.Image.Address.Equals(second.Image.Address) && BeforeConnecting(second) == 0;
            var (client, accepted) = isSecondAccepted ? (first, second) : (second, first);
            Accept(IsRemembered(listener, client) ? listener : MakeListener(accepted.Image, client.Image.Unix.PeerCredentials), client, accepted);
            return;
        }

        var peerOfLost = second.Image.Unix.PeerCredentials ?? first.Image.Unix.PeerCredentials;
        (first.Fd, second.Fd) = caller.MakePair(first.Image.Type, first.Image.Unix.PeerCredentials, peerOfLost);
        first.Bind(_names);
        second.Bind(_names);
    }

    /// <summary>The listening socket through which two sockets were connected; one for the moment where the job has it no more; null for a pair.</summary>
    private UnixSocketEnd? ListenerFor(UnixSocketEnd first, UnixSocketEnd second)
    {
        foreach (var end in new[] { second, first }.Where(end => !end.Image.Address.IsEmpty))
        {
            if (_ends.Values.FirstOrDefault(other => other.Image.IsListening && IsAcceptedFrom(end, other)) is { } listener)
            {
                return listener;
            }
        }

        var named = new[] { second, first }.FirstOrDefault(end => !end.Image.Address.IsEmpty);
        var isMixed = BeforeConnecting(first) != 0 || BeforeConnecting(second) != 0 || HaveTwoMakers(first, second);
        var other = named == first ? second : first;
        return named is not null && (isMixed || _ends.Values.Count(end => IsAcceptedFrom(named, end)) > 1) ? MakeListener(named.Image, other.Image.Unix.PeerCredentials) : null;
    }

    private static bool HaveTwoMakers(UnixSocketEnd first, UnixSocketEnd second) =>
        first.Image.Unix.PeerCredentials is { } one && second.Image.Unix.PeerCredentials is { } other && !one.Equals(other);

    /// <summary>A client remembers who has let its peer listen. A name without a file can be bound only once.</summary>
    private static bool IsRemembered(UnixSocketEnd listener, UnixSocketEnd client) =>
        client.Image.Unix.PeerCredentials is not { } remembered || remembered.Equals(listener.Image.Unix.PeerCredentials) || !UnixSocketNames.HasFile(listener.Image.Address.Span);

    /// <summary>A listening socket for the moment.</summary>
    private UnixSocketEnd MakeListener(Socket accepted, UnixCredentials? caller)
    {
        var image = accepted.Clone();
        image.IsListening = true;
        image.Backlog = 1;
        image.Unix.FileIsGone = true;
        image.Unix.PeerCredentials = caller;
        var listener = new UnixSocketEnd(image);
        MakeAlone(listener);
        _lost.Add(listener);
        return listener;
    }

    private static bool IsAcceptedFrom(UnixSocketEnd end, UnixSocketEnd other) =>
        other.Image.Address.Equals(end.Image.Address) && other.Image.Unix.FileId == end.Image.Unix.FileId;

    private void Accept(UnixSocketEnd listener, UnixSocketEnd client, UnixSocketEnd accepted)
    {
        client.Fd = SocketCalls.Make(SocketNumber.AF_UNIX, client.Image.Type, 0);
        client.Bind(_names);
        SocketCalls.Shutdown(client.Fd, BeforeConnecting(client));
        caller.Connect(client.Fd, listener.ReachedBy!, listener.Name, accepted.Image.Unix.PeerCredentials);
        accepted.Fd = SocketCalls.Accept(listener.Fd);
    }

    /// <summary>Directions that were shut before the socket was connected: the peer does not know of them.</summary>
    private uint BeforeConnecting(UnixSocketEnd end)
    {
        if (!IsStream(end) || end.Image.Unix.Peer != Peer.Socket)
        {
            return 0;
        }

        var other = _ends[end.Image.Unix.PeerFile].Image.Shutdown;
        var mirrored = ((other & SocketNumber.RCV_SHUTDOWN) << 1) | ((other & SocketNumber.SEND_SHUTDOWN) >> 1);
        return end.Image.Shutdown & ~mirrored;
    }

    private void ConnectWaiting()
    {
        foreach (var listener in _ends.Values)
        {
            foreach (var client in listener.Image.Unix.Waiting)
            {
                caller.Connect(_ends[client].Fd, listener.ReachedBy!, listener.Name, holders.Of(client));
            }
        }
    }
}
