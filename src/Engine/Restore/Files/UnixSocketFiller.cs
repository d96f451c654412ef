using Checkpointer.Engine.Images;
using Checkpointer.Engine.Interop;
using Checkpointer.Engine.Support;

namespace Checkpointer.Engine.Restore;

/// <summary>Sends to AF_UNIX sockets again what they had received, each datagram from a socket with its sender's name.</summary>
/// <param name="names">Binds senders that are gone.</param>
/// <param name="ends">All sockets of the job.</param>
/// <param name="partners">Connected sockets by each other.</param>
/// <param name="files">Open files that messages may carry.</param>
internal sealed class UnixSocketFiller(
    SocketNames names, IReadOnlyList<UnixSocketEnd> ends, IReadOnlyDictionary<UnixSocketEnd, UnixSocketEnd> partners, IReadOnlyDictionary<uint, SafeFd> files)
{
    /// <summary>Fills one socket.</summary>
    public void Fill(UnixSocketEnd receiver)
    {
        foreach (var message in receiver.Image.Received)
        {
            if (partners.TryGetValue(receiver, out var partner))
            {
                SocketMessages.Send(partner.Fd, message, null, files);
            }
            else
            {
                SendFromStranger(receiver, message);
            }
        }
    }

    /// <summary>Leaves at each of these sockets the error that its peer left, which closed with something unread.</summary>
    public void LeaveErrors(IEnumerable<UnixSocketEnd> receivers)
    {
        foreach (var receiver in receivers)
        {
            if (partners.TryGetValue(receiver, out var partner) && receiver.Image.Unix.Peer == UnixSocket.Types.Peer.Closed)
            {
                SocketMessages.Send(receiver.Fd, new SocketMessage { Data = Google.Protobuf.ByteString.CopyFrom(0) }, null);
                partner.Fd.Dispose();
            }
        }
    }

    private void SendFromStranger(UnixSocketEnd receiver, SocketMessage message)
    {
        var address = receiver.ReachedBy ?? throw new EngineException(EngineFailure.BadImage, "A socket of the image has a message and nobody could have sent it.");
        if (!message.Sender.IsEmpty && ends.FirstOrDefault(end => end.Image.Address.Equals(message.Sender) && end.Image.Type == receiver.Image.Type) is { } sender)
        {
            SocketMessages.Send(sender.Fd, message, address, files);
            return;
        }

        var stranger = new UnixSocketEnd(new Socket
        {
            Family = SocketNumber.AF_UNIX,
            Type = receiver.Image.Type,
            Address = message.Sender,
            Unix = new UnixSocket { FileIsGone = true },
        });
        stranger.Fd = SocketCalls.Make(SocketNumber.AF_UNIX, receiver.Image.Type, 0);
        using var fd = stranger.Fd;
        stranger.Bind(names);
        SocketMessages.Send(fd, message, address, files);
    }
}
