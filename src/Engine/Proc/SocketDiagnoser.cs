using System.Runtime.InteropServices;
using Checkpointer.Engine.Interop;
using Checkpointer.Engine.Support;
using static Checkpointer.Engine.Interop.SocketDiagnosis;

namespace Checkpointer.Engine.Proc;

/// <summary>Asks sock_diag(7) for all sockets of a kind in this network namespace.</summary>
internal static unsafe class SocketDiagnoser
{
    private const int BufferBytes = 1 << 16; // more than the kernel ever sends at once
    private const int Alignment = 4;

    /// <summary>Receives one socket.</summary>
    public delegate void Receiver(ReadOnlySpan<byte> message);

    /// <summary>Receives one attribute of a socket.</summary>
    public delegate void AttributeReceiver(int type, ReadOnlySpan<byte> value);

    /// <summary>Sends a request, struct unix_diag_req or inet_diag_req_v2, and hands on every socket of the answer.</summary>
    public static void Ask<T>(in T request, Receiver add)
        where T : unmanaged => SendIfThere(request, SOCK_DIAG_BY_FAMILY, NLM_F_DUMP, add);

    /// <summary>Lets the kernel forget a socket that nobody holds; one that it has forgotten meanwhile is no failure.</summary>
    /// <exception cref="LinuxException">EOPNOTSUPP: it is not configured to (CONFIG_INET_DIAG_DESTROY).</exception>
    public static void Destroy(in inet_diag_req_v2 socket) => SendIfThere(socket, SOCK_DESTROY, NLM_F_ACK, _ => { });

    /// <summary>A family that the kernel does not have has no sockets.</summary>
    private static void SendIfThere<T>(in T request, int type, int flags, Receiver add)
        where T : unmanaged
    {
        try
        {
            Send(request, type, flags, add);
        }
        catch (LinuxException exception) when (exception.Errno == Errno.ENOENT)
        {
            // Nothing to hand on.
        }
    }

    private static void Send<T>(in T request, int type, int flags, Receiver add)
        where T : unmanaged
    {
        using var netlink = SocketCalls.Make(SocketNumber.AF_NETLINK, SocketNumber.SOCK_RAW, NETLINK_SOCK_DIAG);
        LinuxException.ThrowIfFailed(Libc.fcntl(netlink.Number, FileFlag.F_SETFL, 0), "fcntl(F_SETFL) of a netlink socket");
        var length = sizeof(nlmsghdr) + sizeof(T);
        var message = stackalloc byte[length];
        *(nlmsghdr*)message = new nlmsghdr { nlmsg_len = (uint)length, nlmsg_type = (ushort)type, nlmsg_flags = (ushort)(NLM_F_REQUEST | flags) };
        *(T*)(message + sizeof(nlmsghdr)) = request;
        LinuxException.ThrowIfFailed(Libc.write(netlink.Number, message, (nuint)length), "write to sock_diag");
        var buffer = new byte[BufferBytes];
        nint read;
        do
        {
            fixed (byte* bytes = buffer)
            {
                read = Libc.read(netlink.Number, bytes, BufferBytes);
            }

            LinuxException.ThrowIfFailed(read, "read of sock_diag");
        }
        while (AddAll(buffer.AsSpan(0, (int)read), "sock_diag", add));
    }

    /// <summary>Hands on the attributes of a message.</summary>
    public static void Attributes(ReadOnlySpan<byte> attributes, AttributeReceiver add)
    {
        while (attributes.Length >= sizeof(nlattr))
        {
            var attribute = MemoryMarshal.Read<nlattr>(attributes);
            add(attribute.nla_type, attributes[sizeof(nlattr)..attribute.nla_len]);
            attributes = attributes[Math.Min(Align(attribute.nla_len), attributes.Length)..];
        }
    }

    /// <summary>Hands on the messages of an answer.</summary>
    /// <param name="messages">What was read from a netlink socket.</param>
    /// <param name="name">Who has answered, for sentences.</param>
    /// <param name="add">Receives each.</param>
    /// <returns>False after the last message.</returns>
    public static bool AddAll(ReadOnlySpan<byte> messages, string name, Receiver add)
    {
        while (messages.Length >= sizeof(nlmsghdr))
        {
            var header = MemoryMarshal.Read<nlmsghdr>(messages);
            if (header.nlmsg_type == NLMSG_ERROR)
            {
                var error = (Errno)(-MemoryMarshal.Read<int>(messages[sizeof(nlmsghdr)..]));
                return error == Errno.None ? false : throw new LinuxException(name, error);
            }

            if (header.nlmsg_type == NLMSG_DONE)
            {
                return false;
            }

            add(messages[sizeof(nlmsghdr)..(int)header.nlmsg_len]);
            messages = messages[Math.Min(Align((int)header.nlmsg_len), messages.Length)..];
        }

        return true;
    }

    private static int Align(int length) => (length + Alignment - 1) / Alignment * Alignment;
}
