using Checkpointer.Engine.Images;
using Checkpointer.Engine.Interop;
using Checkpointer.Engine.Support;
using Google.Protobuf;
using static Checkpointer.Engine.Interop.SocketNumber;
using static Checkpointer.Engine.Interop.SocketOptionName;

namespace Checkpointer.Engine.Resources;

/// <summary>Sockets: what a duplicate of one tells by itself. How they are connected is told by <see cref="UnixSocketPeers"/>.</summary>
internal sealed class SocketKind(Duplicates duplicates, FindingList findings) : IFileKind
{
    private readonly List<SocketUse> _uses = [];
    private readonly InetSockets _inet = new();

    /// <summary>Sockets found so far.</summary>
    public IReadOnlyList<SocketUse> Uses => _uses;

    /// <inheritdoc/>
    public bool Claims(OpenDescriptor descriptor) => descriptor.Stat.Type == FileFlag.S_IFSOCK;

    /// <inheritdoc/>
    public string? Describe(OpenDescriptor descriptor, OpenFile image)
    {
        image.Kind = OpenFile.Types.Kind.Socket;
        image.Socket = new Socket();
        using var socket = duplicates.TryTake(descriptor);
        if (socket is null)
        {
            return null;
        }

        Describe(socket, image.Socket);
        if (WhyNotCarried(socket, image.Socket, descriptor) is { } reason)
        {
            return reason;
        }

        NoteUnread(socket, image.Socket, descriptor);
        image.Socket.Options.AddRange(SocketOptions.Read(socket, image.Socket));
        _uses.Add(new SocketUse(descriptor, image));
        return null;
    }

    /// <summary>Packets of raw and ping sockets cannot be put back: nothing of this host sends them with the headers that they have.</summary>
    private void NoteUnread(SafeFd socket, Socket image, OpenDescriptor descriptor)
    {
        var isLost = image.Family is AF_INET or AF_INET6 && (image.Type == SOCK_RAW || image.Protocol is IPPROTO_ICMP or IPPROTO_ICMPV6);
        if (isLost && (SocketCalls.Poll(socket, POLLIN) & POLLIN) != 0)
        {
            findings.Note(
                descriptor.Process, "descriptor",
                $"Descriptor {descriptor.Number} of process {descriptor.Process} is a raw or ping socket ({descriptor.Target}) with packets that were not read; after a restore they are lost.");
        }
    }

    private static void Describe(SafeFd socket, Socket image)
    {
        image.Family = SocketCalls.Number(socket, SOL_SOCKET, SO_DOMAIN);
        image.Type = SocketCalls.Number(socket, SOL_SOCKET, SO_TYPE);
        image.Protocol = SocketCalls.Number(socket, SOL_SOCKET, SO_PROTOCOL);
        image.IsListening = SocketCalls.Number(socket, SOL_SOCKET, SO_ACCEPTCONN) != 0;
        image.Address = ByteString.CopyFrom(NamedPart(SocketCalls.Address(socket)));
        image.PeerAddress = ByteString.CopyFrom(NamedPart(SocketCalls.Address(socket, ofPeer: true)));
    }

    /// <summary>An address of AF_UNIX that is only a family is none.</summary>
    private static byte[] NamedPart(byte[] address) => address.Length > sizeof(ushort) ? address : [];

    private string? WhyNotCarried(SafeFd socket, Socket image, OpenDescriptor descriptor)
    {
        if (!SocketFilters.TryRead(socket, out var filter))
        {
            return $"a socket ({descriptor.Target}) with a BPF program that cannot be read (SO_ATTACH_BPF)";
        }

        image.Filter = filter;
        return image.Family switch
        {
            AF_UNIX => UnixSocketNames.Describe(socket, image, descriptor),
            AF_INET or AF_INET6 => _inet.Describe(socket, image, descriptor),
            AF_NETLINK => NetlinkSockets.Describe(socket, image, descriptor),
            _ => $"a socket of family {image.Family}, type {image.Type}, protocol {image.Protocol} ({descriptor.Target})",
        };
    }
}
