using Checkpointer.Engine.Images;
using Checkpointer.Engine.Interop;
using Checkpointer.Engine.Support;

namespace Checkpointer.Engine.Restore;

/// <summary>Sends messages of images.</summary>
internal static unsafe class SocketMessages
{
    private const int RoomyBytes = 1 << 27; // more than any socket holds
    private const int ControlBytes = 4096; // more than the 253 descriptors that a message may carry

    /// <summary>Sends a message whole, to an address or to the peer.</summary>
    public static void Send(SafeFd from, SocketMessage message, byte[]? to, IReadOnlyDictionary<uint, SafeFd>? files = null)
    {
        var size = SocketCalls.Number(from, SocketNumber.SOL_SOCKET, SocketOptionName.SO_SNDBUF);
        SocketCalls.SetOption(from, SocketNumber.SOL_SOCKET, SocketOptionName.SO_SNDBUFFORCE, RoomyBytes);
        var control = stackalloc byte[ControlBytes];
        fixed (byte* bytes = message.Data.Span)
        fixed (byte* name = to)
        {
            var part = new iovec { iov_base = (nint)bytes, iov_len = (nuint)message.Data.Length };
            var header = new msghdr { msg_name = (nint)name, msg_namelen = (uint)(to?.Length ?? 0), msg_iov = (nint)(&part), msg_iovlen = 1 };
            var controlBytes = PutCredentials(control, message.Credentials);
            controlBytes += PutRights(control + controlBytes, [.. message.Rights.Select(file => files![file].Number)]);
            (header.msg_control, header.msg_controllen) = (controlBytes == 0 ? 0 : (nint)control, (nuint)controlBytes);
            var sent = Libc.sendmsg(from.Number, &header, SocketNumber.MSG_DONTWAIT | SocketNumber.MSG_NOSIGNAL);
            LinuxException.ThrowIfFailed(sent, $"sendmsg of {message.Data.Length} bytes {(to is null ? "to the peer" : "to an address")}");
            Invariant.Require(sent == message.Data.Length, $"Only {sent} of {message.Data.Length} bytes of a message were taken.");
        }

        SocketCalls.SetOption(from, SocketNumber.SOL_SOCKET, SocketOptionName.SO_SNDBUFFORCE, size / 2);
    }

    /// <returns>Bytes used, with padding.</returns>
    private static int PutCredentials(byte* control, UnixCredentials? credentials)
    {
        if (credentials is null)
        {
            return 0;
        }

        *(ucred*)(control + sizeof(cmsghdr)) = new ucred { pid = credentials.Pid, uid = credentials.Uid, gid = credentials.Gid };
        return PutHeader(control, SocketNumber.SCM_CREDENTIALS, sizeof(ucred));
    }

    private static int PutRights(byte* control, ReadOnlySpan<int> numbers)
    {
        numbers.CopyTo(new Span<int>(control + sizeof(cmsghdr), (ControlBytes / 2) / sizeof(int)));
        return numbers.IsEmpty ? 0 : PutHeader(control, SocketNumber.SCM_RIGHTS, numbers.Length * sizeof(int));
    }

    private static int PutHeader(byte* control, int type, int dataBytes)
    {
        var length = sizeof(cmsghdr) + dataBytes;
        *(cmsghdr*)control = new cmsghdr { cmsg_len = (nuint)length, cmsg_level = SocketNumber.SOL_SOCKET, cmsg_type = type };
        return (length + sizeof(ulong) - 1) / sizeof(ulong) * sizeof(ulong);
    }
}
