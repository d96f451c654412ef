using System.Buffers.Binary;
using Checkpointer.Engine.Images;
using Checkpointer.Engine.Interop;
using Checkpointer.Engine.Support;
using Google.Protobuf;
using static Checkpointer.Engine.Interop.SocketNumber;
using static Checkpointer.Engine.Interop.TransportOptionName;

namespace Checkpointer.Engine.Resources;

/// <summary>AF_NETLINK sockets, netlink(7): carried without messages.</summary>
internal static class NetlinkSockets
{
    private const int IdentityOffset = 4; // struct sockaddr_nl: nl_pid and nl_groups

    /// <summary>Fills in the image.</summary>
    /// <returns>Null, or why it cannot be carried: the end of the sentence "Descriptor 3 of process 4711 is".</returns>
    public static string? Describe(SafeFd socket, Socket image, OpenDescriptor descriptor)
    {
        if (SocketCalls.TryOption(socket, SOL_NETLINK, NETLINK_LIST_MEMBERSHIPS) is { Length: > 0 } groups)
        {
            image.Options.Add(new SocketOption { Level = SOL_NETLINK, Name = NETLINK_LIST_MEMBERSHIPS, Value = ByteString.CopyFrom(groups) });
        }

        return (SocketCalls.Poll(socket, POLLIN) & POLLIN) == 0 ? null : $"a netlink socket ({descriptor.Target}) with unread messages";
    }

    /// <summary>True where an address says anything.</summary>
    public static bool IsNamed(ReadOnlySpan<byte> address) =>
        address.Length >= IdentityOffset + sizeof(ulong) && BinaryPrimitives.ReadUInt64LittleEndian(address[IdentityOffset..]) != 0;
}
