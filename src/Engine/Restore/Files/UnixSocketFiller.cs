using Checkpointer.Engine.Images;
using Checkpointer.Engine.Interop;
using Checkpointer.Engine.Resources;
using Checkpointer.Engine.Support;

namespace Checkpointer.Engine.Restore;

/// <summary>Sends to AF_UNIX sockets again what they had received, each datagram from a socket with its sender's name.</summary>
/// <param name="names">Binds senders that are gone.</param>
/// <param name="ends">All sockets of the job.</param>
/// <param name="partners">Connected sockets by each other.</param>
internal sealed unsafe class UnixSocketFiller(SocketNames names, IReadOnlyList<UnixSocketEnd> ends, IReadOnlyDictionary<UnixSocketEnd, UnixSocketEnd> partners)
{
    private const int RoomyBytes = 1 << 27; // more than any socket holds
    private const int CredentialsBytes = 32; // CMSG_SPACE(sizeof(struct ucred))
    private const int CredentialsLength = 28; // CMSG_LEN(sizeof(struct ucred))

    /// <summary>Fills one socket.</summary>
    public void Fill(UnixSocketEnd receiver)
    {
        foreach (var message in receiver.Image.Received)
        {
            if (partners.TryGetValue(receiver, out var partner))
            {
                Send(partner.Fd, message, null);
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
                Send(receiver.Fd, new SocketMessage { Data = Google.Protobuf.ByteString.CopyFrom(0) }, null);
                partner.Fd.Dispose();
            }
        }
    }

    private void SendFromStranger(UnixSocketEnd receiver, SocketMessage message)
    {
        var address = receiver.ReachedBy ?? throw new EngineException(EngineFailure.BadImage, "A socket of the image has a message and nobody could have sent it.");
        if (!message.Sender.IsEmpty && ends.FirstOrDefault(end => end.Image.Address.Equals(message.Sender) && end.Image.Type == receiver.Image.Type) is { } sender)
        {
            Send(sender.Fd, message, address);
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
        Send(fd, message, address);
    }

    private static void Send(SafeFd from, SocketMessage message, byte[]? to)
    {
        var size = SocketCalls.Number(from, SocketNumber.SOL_SOCKET, SocketOptionName.SO_SNDBUF);
        SocketCalls.SetOption(from, SocketNumber.SOL_SOCKET, SocketOptionName.SO_SNDBUFFORCE, RoomyBytes);
        var control = stackalloc ulong[CredentialsBytes / sizeof(ulong)];
        fixed (byte* bytes = message.Data.Span)
        fixed (byte* name = to)
        {
            var part = new iovec { iov_base = (nint)bytes, iov_len = (nuint)message.Data.Length };
            var header = new msghdr { msg_name = (nint)name, msg_namelen = (uint)(to?.Length ?? 0), msg_iov = (nint)(&part), msg_iovlen = 1 };
            if (message.Credentials is { } credentials)
            {
                Put((byte*)control, credentials);
                (header.msg_control, header.msg_controllen) = ((nint)control, CredentialsBytes);
            }

            var sent = Libc.sendmsg(from.Number, &header, SocketNumber.MSG_DONTWAIT | SocketNumber.MSG_NOSIGNAL);
            LinuxException.ThrowIfFailed(sent, $"sendmsg of {message.Data.Length} bytes to {(to is null ? "the peer" : UnixSocketNames.Text(to))}");
            Invariant.Require(sent == message.Data.Length, $"Only {sent} of {message.Data.Length} bytes of a message were taken.");
        }

        SocketCalls.SetOption(from, SocketNumber.SOL_SOCKET, SocketOptionName.SO_SNDBUFFORCE, size / 2);
    }

    private static void Put(byte* control, UnixCredentials credentials)
    {
        *(cmsghdr*)control = new cmsghdr { cmsg_len = CredentialsLength, cmsg_level = SocketNumber.SOL_SOCKET, cmsg_type = SocketNumber.SCM_CREDENTIALS };
        *(ucred*)(control + sizeof(cmsghdr)) = new ucred { pid = credentials.Pid, uid = credentials.Uid, gid = credentials.Gid };
    }
}
