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
    private const int ControlBytes = 4096; // more than the 253 descriptors that a message may carry
    private const int FirstBytes = 1 << 18; // more than most messages have
    private const int BytesMax = 1 << 30;
    private const int FromTheFirst = -1; // SO_PEEK_OFF: not counted

    private readonly Duplicates _duplicates = new();
    private readonly List<SafeFd> _inFlight = [];
    private Func<int, uint> _enter = _ => 0;
    private byte[] _buffer = new byte[FirstBytes];

    /// <summary>Fills in the images of all sockets. Runs inside the freeze.</summary>
    /// <param name="sockets">The sockets.</param>
    /// <param name="enter">Gives a descriptor in flight (SCM_RIGHTS), which we hold by this number as long as this object lives, the number of its open file.</param>
    public void ReadAll(IReadOnlyList<SocketUse> sockets, Func<int, uint> enter)
    {
        _enter = enter;
        foreach (var use in sockets.Where(use => !use.Image.IsListening && HasCarriedContents(use.Image)))
        {
            Read(use);
        }
    }

    private static bool HasCarriedContents(Socket image) =>
        image.Family == AF_UNIX || (image.Type == SOCK_DGRAM && image.Protocol is IPPROTO_UDP or IPPROTO_UDPLITE);

    /// <inheritdoc/>
    public void Dispose()
    {
        _inFlight.ForEach(fd => fd.Dispose());
        _duplicates.Dispose();
    }

    private void Read(SocketUse use)
    {
        using var socket = _duplicates.TryTake(use.Descriptor)
            ?? throw new LinuxException($"pidfd_getfd of descriptor {use.Descriptor.Number} of process {use.Descriptor.Process}", LastError.Get());
        use.Image.HasError = (SocketCalls.Poll(socket, 0) & POLLERR) != 0;
        var unread = 0;
        // Not connected: there is nothing to ask for.
        if (Libc.ioctl(socket.Number, FileFlag.FIONREAD, (nint)(&unread)) < 0 || (unread == 0 && !BeginsEmpty(socket, use.Image)))
        {
            return;
        }

        if (use.Image.HasError && use.Image.Family != AF_UNIX)
        {
            // The first reading call would take the error from the job. Datagrams of the Internet may be lost.
            return;
        }

        // A stream gives what it has first, all others the error.
        if (use.Image.HasError && use.Image.Type != SOCK_STREAM)
        {
            throw new EngineException(
                EngineFailure.Refused,
                $"Descriptor {use.Descriptor.Number} of process {use.Descriptor.Process} is a socket ({use.Descriptor.Target}) with unread data and an error that the job has not seen, which reading would take away; it cannot be carried.",
                "let the job read the socket, and try again");
        }

        var offset = SocketCalls.Number(socket, SOL_SOCKET, SO_PEEK_OFF);
        SocketCalls.SetOption(socket, SOL_SOCKET, SO_PEEK_OFF, FromTheFirst);
        try
        {
            ReadEmptyFirst(socket, use);
            SocketCalls.SetOption(socket, SOL_SOCKET, SO_PEEK_OFF, 0);
            ReadMessages(socket, use, use.IsConnectionOriented ? unread : int.MaxValue);
        }
        finally
        {
            SocketCalls.SetOption(socket, SOL_SOCKET, SO_PEEK_OFF, offset);
        }
    }

    /// <summary>True where the next to be read is a message without a byte, behind which others may be: the kernel tells the length of the first only.</summary>
    private static bool BeginsEmpty(SafeFd socket, Socket image) =>
        image.Type != SOCK_STREAM && (SocketCalls.Poll(socket, POLLIN | POLLRDHUP) & (POLLIN | POLLRDHUP)) == POLLIN;

    /// <summary>
    /// Reads the first message where it has no byte. The kernel marks such a message when it is peeked at, and passes over marked ones where it counts how far a
    /// socket has peeked: there it is seen once in its life. Precondition: there is a message.
    /// </summary>
    private void ReadEmptyFirst(SafeFd socket, SocketUse use)
    {
        if (use.Image.Type == SOCK_STREAM || TryPeek(socket, use, out _, out var inFlight) is not { } first)
        {
            return;
        }

        if (first.Data.IsEmpty)
        {
            _inFlight.AddRange(inFlight);
            first.Rights.Add(inFlight.Select(fd => _enter(fd.Number)));
            use.Image.Received.Add(first);
        }
        else
        {
            inFlight.ForEach(fd => fd.Dispose());
        }
    }

    /// <summary>Stops at the known end of a connection's data: the call after that would take a pending error away.</summary>
    private void ReadMessages(SafeFd socket, SocketUse use, int bytes)
    {
        var total = 0;
        while (total < bytes && TryPeek(socket, use, out var isWhole, out var inFlight) is { } message)
        {
            if (isWhole || use.Image.Type == SOCK_STREAM)
            {
                var length = message.Data.Length;
                _inFlight.AddRange(inFlight);
                message.Rights.Add(inFlight.Select(fd => _enter(fd.Number)));
                AddParts(socket, use, message, total);
                total += length;
            }
            else
            {
                inFlight.ForEach(fd => fd.Dispose());
                Invariant.Require(_buffer.Length < BytesMax, $"{use.Descriptor.Target} holds a message of more than {BytesMax} bytes.");
                _buffer = new byte[_buffer.Length * 2];
                SocketCalls.SetOption(socket, SOL_SOCKET, SO_PEEK_OFF, total);
            }
        }
    }

    /// <summary>A stream gives what was sent before descriptors together with them; what is to carry them begins with the message that does.</summary>
    private void AddParts(SafeFd socket, SocketUse use, SocketMessage message, int start)
    {
        if (use.Image.Type == SOCK_STREAM && message.Rights.Count > 0)
        {
            var bytes = message.Data.Length;
            SocketCalls.SetOption(socket, SOL_SOCKET, SO_PEEK_OFF, start);
            var before = BytesBeforeLast(socket, bytes, use.Descriptor.Target);
            SocketCalls.SetOption(socket, SOL_SOCKET, SO_PEEK_OFF, start + bytes);
            if (before > 0)
            {
                use.Image.Received.Add(new SocketMessage { Data = ByteString.CopyFrom(message.Data.Span[..before]), Credentials = message.Credentials });
                message.Data = ByteString.CopyFrom(message.Data.Span[before..]);
            }
        }

        use.Image.Received.Add(message);
    }

    /// <summary>
    /// Where in so many bytes the message begins that they end with. Reading fewer bytes does not tell: the kernel looks at the messages behind them all the
    /// same. But it gives a message whole or not at all where memory lacks for its last byte.
    /// </summary>
    private int BytesBeforeLast(SafeFd socket, int bytes, string name)
    {
        const nint NoMemory = 1; // nothing is ever mapped there
        fixed (byte* buffer = _buffer)
        {
            var parts = stackalloc iovec[2];
            parts[0] = new iovec { iov_base = (nint)buffer, iov_len = (nuint)bytes - 1 };
            parts[1] = new iovec { iov_base = NoMemory, iov_len = 1 };
            var header = new msghdr { msg_iov = (nint)parts, msg_iovlen = 2 };
            var read = Libc.recvmsg(socket.Number, &header, MSG_PEEK | MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
            if (read < 0 && LastError.Get() is var errno && errno != Errno.EFAULT)
            {
                throw new LinuxException($"recvmsg(MSG_PEEK) of {name}", errno);
            }

            return (int)Math.Max(read, 0);
        }
    }

    /// <summary>Null at the end.</summary>
    private SocketMessage? TryPeek(SafeFd socket, SocketUse use, out bool isWhole, out List<SafeFd> inFlight)
    {
        inFlight = [];
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
            var read = Libc.recvmsg(socket.Number, &header, MSG_PEEK | MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
            var errno = read < 0 ? LastError.Get() : Errno.None;
            isWhole = (header.msg_flags & MSG_TRUNC) == 0;
            // Zero is the end of a stream, or what a socket shut down says; or a message without a byte. Connections are read up to their known end only.
            if (errno == Errno.EAGAIN || (read == 0 && (use.Image.Type == SOCK_STREAM || (use.Image.Type == SOCK_DGRAM && use.Image.Shutdown != 0))))
            {
                return null;
            }

            LinuxException.ThrowIfFailed(read, $"recvmsg(MSG_PEEK) of {use.Descriptor.Target}");
            Invariant.Require((header.msg_flags & MSG_CTRUNC) == 0, $"{use.Descriptor.Target} holds a message with more control data than {ControlBytes} bytes.");
            var message = new SocketMessage
            {
                Data = ByteString.CopyFrom(_buffer, 0, (int)read),
                Sender = ByteString.CopyFrom(new ReadOnlySpan<byte>(sender, header.msg_namelen > sizeof(ushort) ? (int)header.msg_namelen : 0)),
            };
            AddControl(message, new ReadOnlySpan<byte>(control, (int)header.msg_controllen), inFlight);
            return message;
        }
    }

    private static void AddControl(SocketMessage message, ReadOnlySpan<byte> control, List<SafeFd> inFlight)
    {
        while (control.Length >= sizeof(cmsghdr))
        {
            var header = MemoryMarshal.Read<cmsghdr>(control);
            var data = control[sizeof(cmsghdr)..(int)header.cmsg_len];
            if (header is { cmsg_level: SOL_SOCKET, cmsg_type: SCM_CREDENTIALS })
            {
                message.Credentials = UnixSocketNames.Credentials(data);
            }
            else if (header is { cmsg_level: SOL_SOCKET, cmsg_type: SCM_RIGHTS })
            {
                inFlight.AddRange(MemoryMarshal.Cast<byte, int>(data).ToArray().Select(number => new SafeFd(number)));
            }

            var next = ((int)header.cmsg_len + sizeof(ulong) - 1) / sizeof(ulong) * sizeof(ulong);
            control = control[Math.Min(next, control.Length)..];
        }
    }
}
