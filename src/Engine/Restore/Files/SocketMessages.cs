using Checkpointer.Engine.Images;
using Checkpointer.Engine.Interop;
using Checkpointer.Engine.Support;

namespace Checkpointer.Engine.Restore;

/// <summary>Sends messages of images.</summary>
internal static unsafe class SocketMessages
{
    private const int RoomyBytes = 1 << 27; // more than any socket holds
    private const int CredentialsBytes = 32; // CMSG_SPACE(sizeof(struct ucred))
    private const int CredentialsLength = 28; // CMSG_LEN(sizeof(struct ucred))

    /// <summary>Sends a message whole, to an address or to the peer.</summary>
    public static void Send(SafeFd from, SocketMessage message, byte[]? to)
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
            LinuxException.ThrowIfFailed(sent, $"sendmsg of {message.Data.Length} bytes {(to is null ? "to the peer" : "to an address")}");
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
