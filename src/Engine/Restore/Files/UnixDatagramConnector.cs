using Checkpointer.Engine.Resources;
using Checkpointer.Engine.Support;
using static Checkpointer.Engine.Images.UnixSocket.Types;

namespace Checkpointer.Engine.Restore;

/// <summary>
/// Connects AF_UNIX datagram sockets, after they were filled: a connected one takes messages from its peer only. For that reason, too, one that others
/// are connected to is connected after them.
/// </summary>
internal sealed class UnixDatagramConnector(
    IReadOnlyDictionary<uint, UnixSocketEnd> ends, IReadOnlyDictionary<UnixSocketEnd, UnixSocketEnd> partners, SocketNames names)
{
    /// <summary>Connects all.</summary>
    public void Connect()
    {
        var waiting = ends.Values.Where(IsToBeConnected).ToHashSet();
        while (waiting.Count > 0)
        {
            // Without a first one they are in a circle, which connect(2) refuses by itself.
            var next = waiting.FirstOrDefault(end => !waiting.Any(other => other != end && PeerOf(other) == end && PeerOf(end) != other)) ?? waiting.First();
            waiting.Remove(next);
            Connect(next);
        }
    }

    private bool IsToBeConnected(UnixSocketEnd end) => end.Image.Type == Interop.SocketNumber.SOCK_DGRAM && end.Image.Unix.Peer switch
    {
        Peer.Named => true,
        Peer.Closed => !partners.ContainsKey(end),
        Peer.Socket => !(partners.TryGetValue(end, out var partner) && PeerOf(end) == partner),
        _ => false,
    };

    private UnixSocketEnd? PeerOf(UnixSocketEnd end) => end.Image.Unix.Peer == Peer.Socket ? ends[end.Image.Unix.PeerFile] : null;

    private void Connect(UnixSocketEnd end)
    {
        if (PeerOf(end) is { } peer)
        {
            SocketCalls.Connect(end.Fd, peer.ReachedBy, peer.Name);
            return;
        }

        if (end.Image.Unix.Peer == Peer.Named)
        {
            SocketCalls.Connect(end.Fd, end.Image.PeerAddress.Span, UnixSocketNames.Text(end.Image.PeerAddress.Span));
            return;
        }

        var lost = UnixSocketEnd.LostPeerOf(end.Image);
        lost.Fd = SocketCalls.Make(end.Image.Family, end.Image.Type, 0);
        using var fd = lost.Fd;
        lost.Bind(names);
        SocketCalls.Connect(end.Fd, lost.ReachedBy, lost.Name);
    }
}
