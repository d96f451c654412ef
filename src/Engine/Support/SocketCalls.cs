using Checkpointer.Engine.Interop;

namespace Checkpointer.Engine.Support;

/// <summary>Calls on sockets with spans for addresses and options; failures are exceptions that name the call.</summary>
internal static unsafe class SocketCalls
{
    /// <summary>sizeof(struct sockaddr_storage).</summary>
    public const int AddressBytes = 128;

    private const int OptionBytes = 256;

    /// <summary>socket(2), close-on-exec and not blocking.</summary>
    public static SafeFd Make(int family, int type, int protocol)
    {
        var number = Libc.socket(family, type | SocketNumber.SOCK_CLOEXEC | SocketNumber.SOCK_NONBLOCK, protocol);
        LinuxException.ThrowIfFailed(number, $"socket({family}, {type}, {protocol})");
        return new SafeFd(number);
    }

    /// <summary>socketpair(2), close-on-exec and not blocking.</summary>
    public static (SafeFd First, SafeFd Second) MakePair(int type)
    {
        var ends = stackalloc int[2];
        var result = Libc.socketpair(SocketNumber.AF_UNIX, type | SocketNumber.SOCK_CLOEXEC | SocketNumber.SOCK_NONBLOCK, 0, ends);
        LinuxException.ThrowIfFailed(result, $"socketpair({type})");
        return (new SafeFd(ends[0]), new SafeFd(ends[1]));
    }

    /// <summary>socketpair(2) of streams, close-on-exec, for calls that wait.</summary>
    public static (SafeFd First, SafeFd Second) MakeChannel()
    {
        var ends = stackalloc int[2];
        LinuxException.ThrowIfFailed(Libc.socketpair(SocketNumber.AF_UNIX, SocketNumber.SOCK_STREAM | SocketNumber.SOCK_CLOEXEC, 0, ends), "socketpair");
        return (new SafeFd(ends[0]), new SafeFd(ends[1]));
    }

    /// <summary>bind(2).</summary>
    public static void Bind(SafeFd socket, ReadOnlySpan<byte> address, string name)
    {
        fixed (byte* bytes = address)
        {
            LinuxException.ThrowIfFailed(Libc.bind(socket.Number, bytes, (uint)address.Length), $"bind to {name}");
        }
    }

    /// <summary>connect(2).</summary>
    public static void Connect(SafeFd socket, ReadOnlySpan<byte> address, string name)
    {
        fixed (byte* bytes = address)
        {
            LinuxException.ThrowIfFailed(Libc.connect(socket.Number, bytes, (uint)address.Length), $"connect to {name}");
        }
    }

    /// <summary>connect(2) that need not be done when this returns.</summary>
    public static void BeginConnect(SafeFd socket, ReadOnlySpan<byte> address, string name)
    {
        fixed (byte* bytes = address)
        {
            if (Libc.connect(socket.Number, bytes, (uint)address.Length) < 0 && LastError.Get() is var errno && errno != Errno.EINPROGRESS)
            {
                throw new LinuxException($"connect to {name}", errno);
            }
        }
    }

    /// <summary>listen(2).</summary>
    public static void Listen(SafeFd socket, int backlog) => LinuxException.ThrowIfFailed(Libc.listen(socket.Number, backlog), $"listen({backlog})");

    /// <summary>accept(2), close-on-exec and not blocking.</summary>
    public static SafeFd Accept(SafeFd listener)
    {
        var number = Libc.accept4(listener.Number, 0, 0, SocketNumber.SOCK_CLOEXEC | SocketNumber.SOCK_NONBLOCK);
        LinuxException.ThrowIfFailed(number, "accept4");
        return new SafeFd(number);
    }

    /// <summary>shutdown(2) of the directions of SHUTDOWN bits; nothing where there are none.</summary>
    public static void Shutdown(SafeFd socket, uint directions)
    {
        if (directions != 0)
        {
            LinuxException.ThrowIfFailed(Libc.shutdown(socket.Number, (int)directions - 1), $"shutdown({directions - 1})");
        }
    }

    /// <summary>getsockname(2), or getpeername(2); empty where there is none.</summary>
    public static byte[] Address(SafeFd socket, bool ofPeer = false)
    {
        Span<byte> address = stackalloc byte[AddressBytes];
        uint length = AddressBytes;
        fixed (byte* bytes = address)
        {
            var result = ofPeer ? Libc.getpeername(socket.Number, bytes, &length) : Libc.getsockname(socket.Number, bytes, &length);
            if (result < 0 && LastError.Get() is var errno && errno is not (Errno.ENOTCONN or Errno.EOPNOTSUPP or Errno.EINVAL))
            {
                throw new LinuxException(ofPeer ? "getpeername" : "getsockname", errno);
            }

            return result < 0 ? [] : address[..(int)length].ToArray();
        }
    }

    /// <summary>What poll(2) shows at once.</summary>
    public static int Poll(SafeFd socket, int events)
    {
        var file = new pollfd { fd = socket.Number, events = (short)events };
        LinuxException.ThrowIfFailed(Libc.poll(&file, 1, 0), "poll");
        return file.revents;
    }

    /// <summary>ioctl(2) that tells a number of bytes.</summary>
    public static int Count(SafeFd socket, int request)
    {
        var count = 0;
        LinuxException.ThrowIfFailed(Libc.ioctl(socket.Number, (uint)request, (nint)(&count)), $"ioctl(0x{request:x}) of a socket");
        return count;
    }

    /// <summary>recv(2).</summary>
    /// <returns>How many bytes came; 0 where none are there.</returns>
    public static int Receive(SafeFd socket, Span<byte> buffer, int flags, string name)
    {
        fixed (byte* bytes = buffer)
        {
            var read = Libc.recv(socket.Number, bytes, (nuint)buffer.Length, flags);
            if (read < 0 && LastError.Get() is var errno && errno != Errno.EAGAIN)
            {
                throw new LinuxException($"recv of {name}", errno);
            }

            return (int)Math.Max(read, 0);
        }
    }

    /// <summary>send(2) of all bytes, in as many calls as it takes.</summary>
    public static void Send(SafeFd socket, ReadOnlySpan<byte> data, string name)
    {
        while (!data.IsEmpty)
        {
            fixed (byte* bytes = data)
            {
                var sent = Libc.send(socket.Number, bytes, (nuint)data.Length, SocketNumber.MSG_DONTWAIT | SocketNumber.MSG_NOSIGNAL);
                LinuxException.ThrowIfFailed(sent, $"send of {data.Length} bytes to {name}");
                data = data[(int)sent..];
            }
        }
    }

    /// <summary>sendto(2) of one packet.</summary>
    public static void SendTo(SafeFd socket, ReadOnlySpan<byte> packet, ReadOnlySpan<byte> address, string name)
    {
        fixed (byte* bytes = packet, to = address)
        {
            var part = new iovec { iov_base = (nint)bytes, iov_len = (nuint)packet.Length };
            var header = new msghdr { msg_name = (nint)to, msg_namelen = (uint)address.Length, msg_iov = (nint)(&part), msg_iovlen = 1 };
            LinuxException.ThrowIfFailed(Libc.sendmsg(socket.Number, &header, SocketNumber.MSG_NOSIGNAL), $"sendmsg to {name}");
        }
    }

    /// <summary>A second descriptor of a socket.</summary>
    public static SafeFd Duplicate(SafeFd socket)
    {
        var number = Libc.fcntl(socket.Number, FileFlag.F_DUPFD_CLOEXEC, 0);
        LinuxException.ThrowIfFailed(number, "fcntl(F_DUPFD_CLOEXEC)");
        return new SafeFd(number);
    }

    /// <summary>getsockopt(2); null where the socket has no such option.</summary>
    public static byte[]? TryOption(SafeFd socket, int level, int name, int capacity = OptionBytes)
    {
        var value = new byte[capacity];
        var length = (uint)capacity;
        fixed (byte* bytes = value)
        {
            return Libc.getsockopt(socket.Number, level, name, bytes, &length) < 0 ? null : value[..(int)length];
        }
    }

    /// <summary>getsockopt(2) of an option that is asked for with a question in the same bytes.</summary>
    /// <returns>False where the socket has no answer.</returns>
    public static bool TryQuery(SafeFd socket, int level, int name, Span<byte> questionAndAnswer)
    {
        var length = (uint)questionAndAnswer.Length;
        fixed (byte* bytes = questionAndAnswer)
        {
            return Libc.getsockopt(socket.Number, level, name, bytes, &length) == 0;
        }
    }

    /// <summary>getsockopt(2) of an option that every socket has.</summary>
    public static int Number(SafeFd socket, int level, int name) =>
        TryOption(socket, level, name) is { Length: sizeof(int) } value
            ? BitConverter.ToInt32(value)
            : throw new LinuxException($"getsockopt({level}, {name})", LastError.Get());

    /// <summary>setsockopt(2).</summary>
    public static void SetOption(SafeFd socket, int level, int name, ReadOnlySpan<byte> value)
    {
        fixed (byte* bytes = value)
        {
            LinuxException.ThrowIfFailed(
                Libc.setsockopt(socket.Number, level, name, bytes, (uint)value.Length), $"setsockopt({level}, {name}, {Convert.ToHexString(value)})");
        }
    }

    /// <summary>setsockopt(2) of a number.</summary>
    public static void SetOption(SafeFd socket, int level, int name, int value) => SetOption(socket, level, name, BitConverter.GetBytes(value));
}
