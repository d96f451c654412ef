using System.Diagnostics;
using System.Security.Cryptography;
using Checkpointer.Engine.Images;
using Checkpointer.Engine.Interop;
using Checkpointer.Engine.Resources;
using Checkpointer.Engine.Support;
using static Checkpointer.Engine.Images.TcpConnection.Types;

namespace Checkpointer.Engine.Restore;

/// <summary>
/// Makes the TCP sockets of a job that have, had, or wait for a connection. Both ends are made anew, so their sequence numbers are; what one had sent and the
/// other had not received is sent again, and what was shut is shut again, between the two ends themselves.
/// </summary>
internal sealed class TcpSocketBuilder
{
    private const uint PollMicroseconds = 100;
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(2); // on one host it takes microseconds

    private readonly Dictionary<uint, TcpEnd> _ends;
    private readonly KeptConnections _kept;
    private readonly List<(TcpEnd Lost, TcpEnd End)> _lost = [];

    public TcpSocketBuilder(IEnumerable<OpenFile> files, KeptConnections kept)
    {
        _kept = kept;
        _ends = files.Where(file => IsConnection(file.Socket)).OrderBy(file => file.Inode).ToDictionary(file => file.Id, file => new TcpEnd(file.Socket));
    }

    /// <summary>True for what is made here.</summary>
    public static bool IsConnection(Socket image) => image is { Tcp: not null, IsListening: false };

    /// <summary>Makes all connections. Precondition: no socket of the job listens yet.</summary>
    /// <returns>Sockets by number of their open file.</returns>
    public Dictionary<uint, SafeFd> Build()
    {
        foreach (var (id, end) in _ends)
        {
            Build(id, end);
        }

        return _ends.ToDictionary(pair => pair.Key, pair => pair.Value.Image.Tcp.Kept is null ? pair.Value.Fd : SocketCalls.Duplicate(pair.Value.Fd));
    }

    /// <summary>Puts back what was underway, ends what was ended, connects what waits, sets all options.</summary>
    /// <param name="listeners">Listening sockets by number of their open file.</param>
    public void Finish(IReadOnlyDictionary<uint, InetSocketBuilder> listeners)
    {
        foreach (var end in _ends.Values.Where(end => end.Image.Tcp.Peer == Peer.Socket))
        {
            end.Send();
        }

        _lost.ForEach(pair => LosePeer(pair.Lost, pair.End));
        foreach (var end in _ends.Values.Where(end => end.Image.Tcp.Peer is Peer.Socket or Peer.Closed or Peer.Vanished))
        {
            end.Shut(ShutByPeerOf(end));
        }

        ConnectWaiting(listeners);
        foreach (var end in _ends.Values.Where(end => end.Image.Tcp.Peer == Peer.Connecting))
        {
            SocketCalls.BeginConnect(end.Fd, end.Image.PeerAddress.Span, InetSockets.Text(end.Image.PeerAddress.Span));
        }

        // Those that go on get theirs when they do.
        foreach (var end in _ends.Values.Where(end => end.Image.Tcp.Kept is null))
        {
            end.SetOptions();
        }
    }

    private uint ShutByPeerOf(TcpEnd end) => end.Image.Tcp.Peer switch
    {
        Peer.Socket => _ends[end.Image.Tcp.PeerFile].Image.Shutdown & SocketNumber.SEND_SHUTDOWN,
        Peer.Closed => SocketNumber.SEND_SHUTDOWN,
        _ => 0,
    };

    private void Build(uint id, TcpEnd end)
    {
        switch (end.Image.Tcp.Peer)
        {
            case Peer.Socket when _ends.TryGetValue(end.Image.Tcp.PeerFile, out var other) && other.Image.Tcp.PeerFile == id:
                if (end.Image.Tcp.PeerFile > id)
                {
                    Join(end, other);
                }

                break;
            case Peer.Vanished:
                var (sends, receives) = (NewNumber(), NewNumber());
                end.Establish(sends, receives, end.Image.Tcp.SegmentBytes);
                end.WakeAlone(receives);
                break;
            case Peer.Closed:
                JoinLost(end, TcpEnd.LostPeerOf(end.Image, end.Image.PeerAddress.Span));
                break;
            case Peer.Ended:
                MakeEnded(end);
                break;
            case Peer.Outside when end.Image.Tcp.Kept is not null:
                Resume(end);
                break;
            case Peer.Outside:
                end.BindAnywhere();
                JoinEnded(end);
                break;
            case Peer.Refused:
                BeRefused(end);
                break;
            case Peer.Waiting or Peer.Connecting:
                end.Bind(end.Image.Address.Span);
                end.Share();
                break;
            default:
                throw new EngineException(EngineFailure.BadImage, $"A TCP socket of the image ({InetSockets.Text(end.Image.Address.Span)}) has no peer that fits it.");
        }
    }

    private void Resume(TcpEnd end)
    {
        _kept.Add(end);
        end.Resume();
        if (TcpKeeper.HasEnd((int)end.Image.Tcp.Kept.State))
        {
            Await(end, TcpState.TCP_CLOSE_WAIT);
        }
    }

    private static void Join(TcpEnd first, TcpEnd second)
    {
        var (fromFirst, fromSecond) = (NewNumber(), NewNumber());
        first.Establish(fromFirst, fromSecond, second.Image.Tcp.SegmentBytes);
        second.Establish(fromSecond, fromFirst, first.Image.Tcp.SegmentBytes);
        first.Wake();
        second.Wake();
    }

    private void JoinLost(TcpEnd end, TcpEnd lost)
    {
        Join(end, lost);
        _lost.Add((lost, end));
    }

    /// <summary>Ends it at once: its other end may have ended, too, and is made the same way. Hardly a program asks for the addresses, so that others do.</summary>
    private void MakeEnded(TcpEnd end)
    {
        if (!end.Image.PeerAddress.IsEmpty && InetSockets.Port(end.Image.Address.Span) != 0 && end.TryEnd(NewNumber(), NewNumber()))
        {
            Await(end, TcpState.TCP_CLOSE);
        }
        else
        {
            JoinEnded(end);
        }
    }

    /// <summary>A connection whose other address is any.</summary>
    private void JoinEnded(TcpEnd end)
    {
        if (InetSockets.Port(end.Image.Address.Span) == 0)
        {
            end.Bind(end.NearbyAddress());
            end.Image.Address = Google.Protobuf.ByteString.CopyFrom(SocketCalls.Address(end.Fd));
        }

        var lost = TcpEnd.LostPeerOf(end.Image, end.NearbyAddress());
        lost.Bind(lost.Image.Address.Span);
        end.Image.PeerAddress = Google.Protobuf.ByteString.CopyFrom(SocketCalls.Address(lost.Fd));
        JoinLost(end, lost);
    }

    private static void BeRefused(TcpEnd end)
    {
        using var silent = SocketCalls.Make(end.Image.Family, end.Image.Type, end.Image.Protocol);
        SocketCalls.Bind(silent, end.NearbyAddress(), "a port of this host");
        if (InetSockets.Port(end.Image.Address.Span) != 0)
        {
            end.Bind(end.Image.Address.Span);
            end.Share();
        }

        SocketCalls.BeginConnect(end.Fd, SocketCalls.Address(silent), "a socket that does not listen");
        Await(end, TcpState.TCP_CLOSE);
    }

    /// <summary>Lets the stand-in for a peer end as the peer has.</summary>
    private static void LosePeer(TcpEnd lost, TcpEnd end)
    {
        using (lost)
        {
            if (end.Image.Tcp.Peer is not (Peer.Ended or Peer.Outside))
            {
                return;
            }

            if (end.Image.Tcp.Peer == Peer.Outside && (end.Image.Shutdown & SocketNumber.RCV_SHUTDOWN) != 0)
            {
                SocketCalls.Shutdown(lost.Fd, SocketNumber.SEND_SHUTDOWN);
                Await(end, TcpState.TCP_CLOSE_WAIT);
                lost.Reset();
            }
            else if (end.Image.HasError || end.Image.Tcp.Peer == Peer.Outside)
            {
                lost.Reset();
            }
            else
            {
                SocketCalls.Shutdown(lost.Fd, SocketNumber.SEND_SHUTDOWN);
                Await(end, TcpState.TCP_CLOSE_WAIT);
                SocketCalls.Shutdown(end.Fd, SocketNumber.SEND_SHUTDOWN);
            }
        }

        Await(end, TcpState.TCP_CLOSE);
    }

    private void ConnectWaiting(IReadOnlyDictionary<uint, InetSocketBuilder> listeners)
    {
        foreach (var group in _ends.Values.Where(end => end.Image.Tcp.Peer == Peer.Waiting).GroupBy(end => end.Image.Tcp.PeerFile))
        {
            if (!listeners.TryGetValue(group.Key, out var listener))
            {
                throw new EngineException(EngineFailure.BadImage, $"Open file {group.Key}, for which a TCP socket of the image waits, does not listen.");
            }

            // A queue that was full took one more than it says now.
            SocketCalls.Listen(listener.Fd, (int)listener.Image.Backlog + group.Count());
            foreach (var end in group)
            {
                SocketCalls.BeginConnect(end.Fd, end.Image.PeerAddress.Span, InetSockets.Text(end.Image.PeerAddress.Span));
                Await(end, TcpState.TCP_ESTABLISHED);
                end.Shut(0);
            }

            SocketCalls.Listen(listener.Fd, (int)listener.Image.Backlog);
        }
    }

    private static void Await(TcpEnd end, int state)
    {
        for (var start = Stopwatch.GetTimestamp(); end.State != state;)
        {
            if (Stopwatch.GetElapsedTime(start) > _patience)
            {
                throw new EngineException(
                    EngineFailure.TimedOut, $"The TCP connection of {InetSockets.Text(end.Image.Address.Span)} does not come into state {state}; it is in {end.State}.", "look whether a firewall keeps packets of this host from itself");
            }

            _ = Libc.usleep(PollMicroseconds);
        }
    }

    private static uint NewNumber() => unchecked((uint)RandomNumberGenerator.GetInt32(int.MinValue, int.MaxValue));
}
