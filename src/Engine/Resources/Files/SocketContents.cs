using System.Runtime.InteropServices;
using Checkpointer.Engine.Images;
using Checkpointer.Engine.Interop;
using Checkpointer.Engine.Support;
using Google.Protobuf;
using static Checkpointer.Engine.Interop.SocketNumber;
using static Checkpointer.Engine.Interop.SocketOptionName;

namespace Checkpointer.Engine.Resources;

/// <summary>
/// Reads what a socket has received and the job has not read, without taking it. Peeking sees only the first message, unless the
/// socket counts how far it has peeked (SO_PEEK_OFF, socket(7)); that is switched on for the time of it.
/// </summary>
internal sealed unsafe class SocketContents : IDisposable
{
    private const int ControlBytes = 512;
    private const int FirstBytes = 1 << 18; // more than most messages have
    private const int BytesMax = 1 << 30;

    private readonly Duplicates _duplicates = new();
    private byte[] _buffer = new byte[FirstBytes];

    /// <summary>Fills in the images of all sockets. Runs inside the freeze.</summary>
    public static void ReadAll(IReadOnlyList<SocketUse> sockets)
    {
        using var contents = new SocketContents();
        foreach (var use in sockets.Where(use => !use.Image.IsListening && HasCarriedContents(use.Image)))
        {
            contents.Read(use);
        }
    }

    private static bool HasCarriedContents(Socket image) =>
        image.Family == AF_UNIX || (image.Type == SOCK_DGRAM && image.Protocol is IPPROTO_UDP or IPPROTO_UDPLITE);

    /// <inheritdoc/>
    public void Dispose() => _duplicates.Dispose();

    private void Read(SocketUse use)
    {
        using var socket = _duplicates.TryTake(use.Descriptor)
            ?? throw new LinuxException($"pidfd_getfd of descriptor {use.Descriptor.Number} of process {use.Descriptor.Process}", LastError.Get());
        use.Image.HasError = (SocketCalls.Poll(socket, 0) & POLLERR) != 0;
        var unread = 0;
        // Not connected: there is nothing to ask for.
        if (Libc.ioctl(socket.Number, FileFlag.FIONREAD, (nint)(&unread)) < 0 || unread == 0)
        {
            return;
        }

        if (use.Image.HasError && use.Image.Family != AF_UNIX)
        {
            // The first reading call would take the error from the job. Datagrams of the Internet may be lost.
            return;
        }

        if (use.Image.HasError && !use.IsConnectionOriented)
        {
            throw new EngineException(EngineFailure.Failed, $"{use.Descriptor.Target} has an error that the job has not seen; reading its {unread} bytes would take it away.");
        }

        var offset = SocketCalls.Number(socket, SOL_SOCKET, SO_PEEK_OFF);
        SocketCalls.SetOption(socket, SOL_SOCKET, SO_PEEK_OFF, 0);
        try
        {
            ReadMessages(socket, use, use.IsConnectionOriented ? unread : int.MaxValue);
        }
        finally
        {
            SocketCalls.SetOption(socket, SOL_SOCKET, SO_PEEK_OFF, offset);
        }
    }

    /// <summary>Stops at the known end of a connection's data: the call after that would take a pending error away.</summary>
    private void ReadMessages(SafeFd socket, SocketUse use, int bytes)
    {
        var total = 0;
        while (total < bytes && TryPeek(socket, use, out var isWhole) is { } message)
        {
            if (isWhole || use.Image.Type == SOCK_STREAM)
            {
                use.Image.Received.Add(message);
                total += message.Data.Length;
            }
            else
            {
                Invariant.Require(_buffer.Length < BytesMax, $"{use.Descriptor.Target} holds a message of more than {BytesMax} bytes.");
                _buffer = new byte[_buffer.Length * 2];
                SocketCalls.SetOption(socket, SOL_SOCKET, SO_PEEK_OFF, total);
            }
        }
    }

    /// <summary>Null at the end.</summary>
    private SocketMessage? TryPeek(SafeFd socket, SocketUse use, out bool isWhole)
    {
        var sender = stackalloc byte[SocketCalls.AddressBytes];
        var control = stackalloc byte[ControlBytes];
        fixed (byte* bytes = _buffer)
        {
            var part = new iovec { iov_base = (nint)bytes, iov_len = (nuint)_buffer.Length };
            var header = new msghdr
            {
                msg_name = (nint)sender,
                msg_namelen = SocketCalls.AddressBytes,
                msg_iov = (nint)(&part),
                msg_iovlen = 1,
                msg_control = (nint)control,
                msg_controllen = ControlBytes,
            };
            var read = Libc.recvmsg(socket.Number, &header, MSG_PEEK | MSG_DONTWAIT);
            var errno = read < 0 ? LastError.Get() : Errno.None;
            isWhole = (header.msg_flags & MSG_TRUNC) == 0;
            // Zero is the end of a stream, or what a socket shut down says.
            if (errno == Errno.EAGAIN || (read == 0 && (use.IsConnectionOriented || use.Image.Shutdown != 0)))
            {
                return null;
            }

            LinuxException.ThrowIfFailed(read, $"recvmsg(MSG_PEEK) of {use.Descriptor.Target}");
            return new SocketMessage
            {
                Data = ByteString.CopyFrom(_buffer, 0, (int)read),
                Sender = ByteString.CopyFrom(new ReadOnlySpan<byte>(sender, header.msg_namelen > sizeof(ushort) ? (int)header.msg_namelen : 0)),
                Credentials = CredentialsIn(new ReadOnlySpan<byte>(control, (int)header.msg_controllen)),
            };
        }
    }

    private static UnixCredentials? CredentialsIn(ReadOnlySpan<byte> control)
    {
        while (control.Length >= sizeof(cmsghdr))
        {
            var header = MemoryMarshal.Read<cmsghdr>(control);
            if (header is { cmsg_level: SOL_SOCKET, cmsg_type: SCM_CREDENTIALS })
            {
                return UnixSocketNames.Credentials(control[sizeof(cmsghdr)..]);
            }

            var next = ((int)header.cmsg_len + sizeof(ulong) - 1) / sizeof(ulong) * sizeof(ulong);
            control = control[Math.Min(Math.Max(next, sizeof(cmsghdr)), control.Length)..];
        }

        return null;
    }
}
