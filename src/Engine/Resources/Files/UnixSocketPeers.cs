using System.Globalization;
using Checkpointer.Engine.Interop;
using Checkpointer.Engine.Proc;
using static Checkpointer.Engine.Images.UnixSocket.Types;

namespace Checkpointer.Engine.Resources;

/// <summary>Finds how the AF_UNIX sockets of a job are connected, once all are known, and refuses those that lead out of it.</summary>
internal sealed class UnixSocketPeers(FindingList findings)
{
    private const uint ShutBothWays = SocketNumber.RCV_SHUTDOWN | SocketNumber.SEND_SHUTDOWN;

    private Dictionary<uint, SocketUse> _byInode = [];
    private Dictionary<uint, UnixSocketState> _states = [];

    /// <summary>Fills in peers, shutdown states and queues of waiting clients.</summary>
    /// <param name="sockets">All sockets of the job.</param>
    public void Resolve(IReadOnlyList<SocketUse> sockets)
    {
        var unix = sockets.Where(socket => socket.Image.Family == SocketNumber.AF_UNIX).ToList();
        if (unix.Count == 0)
        {
            return;
        }

        _byInode = unix.ToDictionary(socket => socket.Inode);
        _states = UnixSocketTable.Read();
        // Not there: closed meanwhile, in preflight, where the job runs on.
        var known = unix.Where(socket => _states.ContainsKey(socket.Inode)).ToList();
        foreach (var socket in known)
        {
            socket.Image.Shutdown = _states[socket.Inode].Shutdown;
            if (socket.Image.IsListening)
            {
                ResolveWaiting(socket, _states[socket.Inode]);
            }
        }

        known.ForEach(socket => ResolvePeer(socket, _states[socket.Inode]));
    }

    private void ResolveWaiting(SocketUse listener, UnixSocketState state)
    {
        listener.Image.Backlog = state.Backlog;
        foreach (var inode in state.Waiting)
        {
            if (!_byInode.TryGetValue(inode, out var client))
            {
                Refuse(listener, inode == 0
                    ? "has a connection waiting to be accepted whose client is gone"
                    : $"has a connection waiting to be accepted that comes from {HolderOf(inode)}");
            }
            else if (_states[inode].Unread != 0 || _states[inode].Shutdown != 0)
            {
                Refuse(client, "has sent data, or ended sending, on a connection that was not accepted yet");
            }
            else
            {
                listener.Image.Unix.Waiting.Add(client.File.Id);
                client.Image.Unix.Peer = Peer.Waiting;
                client.Image.Unix.PeerFile = listener.File.Id;
            }
        }
    }

    private void ResolvePeer(SocketUse socket, UnixSocketState state)
    {
        var unix = socket.Image.Unix;
        if (state.Peer is not { } peer || unix.Peer == Peer.Waiting)
        {
            return;
        }

        if (_byInode.TryGetValue(peer, out var other))
        {
            unix.Peer = Peer.Socket;
            unix.PeerFile = other.File.Id;
        }
        else if (peer == 0 && (!socket.IsConnectionOriented || state.Shutdown == ShutBothWays))
        {
            unix.Peer = Peer.Closed;
        }
        else if (peer != 0 && !socket.IsConnectionOriented && UnixSocketNames.HasFile(socket.Image.PeerAddress.Span))
        {
            unix.Peer = Peer.Named;
        }
        else
        {
            Refuse(socket, peer == 0 ? "waits to be accepted outside of the job" : $"is connected to {HolderOf(peer)}");
        }
    }

    private void Refuse(SocketUse socket, string what) => findings.Refuse(
        socket.Descriptor.Process, "descriptor",
        $"Descriptor {socket.Descriptor.Number} of process {socket.Descriptor.Process} is a unix socket ({socket.Descriptor.Target}) that {what}; it cannot be carried.");

    private string HolderOf(uint inode)
    {
        var job = _byInode.Values.Select(socket => socket.Descriptor.Process).ToHashSet();
        var link = string.Create(CultureInfo.InvariantCulture, $"socket:[{inode}]");
        var holders = DescriptorLink.OfAllBut(job).Where(descriptor => descriptor.Target == link).Take(1).ToList();
        return holders is [var holder]
            ? $"process {holder.Process} ({ProcFs.TryStat(holder.Process)?.Comm ?? "gone"}), outside the job"
            : $"a socket outside the job ({link})";
    }
}
