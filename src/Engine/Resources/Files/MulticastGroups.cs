using System.Net;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Checkpointer.Engine.Images;
using Checkpointer.Engine.Interop;
using Checkpointer.Engine.Proc;
using Checkpointer.Engine.Support;
using Google.Protobuf;
using static Checkpointer.Engine.Interop.MulticastNumber;
using static Checkpointer.Engine.Interop.SocketNumber;

namespace Checkpointer.Engine.Resources;

/// <summary>
/// Multicast groups that a socket has joined, ip(7). The kernel lists the groups of an interface, and not those of a socket; but a socket can be asked
/// for its sources in a group, and says so where it is no member.
/// </summary>
internal sealed class MulticastGroups
{
    private const int SourcesMax = 1024; // far above igmp_max_msf and mld_max_msf, 10 and 64 by default

    private static readonly int _filterBytes = Unsafe.SizeOf<group_filter>();
    private static readonly int _addressBytes = Unsafe.SizeOf<sockaddr_storage>();

    private readonly Lazy<List<MulticastGroupEntry>> _version4 = new(MulticastTables.Version4);
    private readonly Lazy<List<MulticastGroupEntry>> _version6 = new(MulticastTables.Version6);

    /// <summary>Adds the groups of a socket to its image.</summary>
    /// <returns>Null, or why it cannot be carried: the end of the sentence "Descriptor 3 of process 4711 is".</returns>
    public string? Describe(SafeFd socket, Socket image, OpenDescriptor descriptor)
    {
        if (image.Family == AF_INET6)
        {
            Describe(socket, image, SOL_IPV6, _version6.Value);
        }

        // A socket of IPv6 can join groups of both.
        Describe(socket, image, SOL_IP, _version4.Value);
        return image.MulticastGroups.FirstOrDefault(group => group.Sources.Count == SourcesMax) is { } large
            ? $"a socket ({descriptor.Target}) with {SourcesMax} sources or more in the multicast group {InetSockets.Host(large.Group.Span)}"
            : null;
    }

    /// <summary>Joins the groups of an image again.</summary>
    /// <exception cref="EngineException">An interface is not there.</exception>
    public static void Join(SafeFd socket, Socket image)
    {
        foreach (var group in image.MulticastGroups)
        {
            var index = Libc.if_nametoindex(group.InterfaceName);
            if (index == 0)
            {
                throw new EngineException(
                    EngineFailure.WorldChanged,
                    $"A socket of the job is in the multicast group {InetSockets.Host(group.Group.Span)} on the network interface {group.InterfaceName}, which this host has not.",
                    "make an interface of that name, or restore on the host of the dump");
            }

            // One that takes packets of certain sources only joins by the first of these.
            if (group.Mode == MCAST_EXCLUDE)
            {
                SocketCalls.SetOption(socket, group.Level, MCAST_JOIN_GROUP, Bytes(new group_req { gr_interface = index, gr_group = Address(group.Group.Span) }));
            }

            foreach (var source in group.Sources)
            {
                var request = new group_source_req { gsr_interface = index, gsr_group = Address(group.Group.Span), gsr_source = Address(source.Span) };
                SocketCalls.SetOption(socket, group.Level, group.Mode == MCAST_EXCLUDE ? MCAST_BLOCK_SOURCE : MCAST_JOIN_SOURCE_GROUP, Bytes(request));
            }
        }
    }

    private static void Describe(SafeFd socket, Socket image, int level, List<MulticastGroupEntry> candidates)
    {
        foreach (var candidate in candidates)
        {
            if (TryAsk(socket, level, candidate) is { } group)
            {
                image.MulticastGroups.Add(group);
            }
        }
    }

    /// <summary>Null where the socket is not in it.</summary>
    private static MulticastGroup? TryAsk(SafeFd socket, int level, MulticastGroupEntry candidate)
    {
        var family = level == SOL_IP ? AF_INET : AF_INET6;
        var address = InetSockets.Raw(family, new IPEndPoint(candidate.Group, 0));
        var header = new group_filter { gf_interface = candidate.InterfaceIndex, gf_group = Address(address), gf_numsrc = SourcesMax };
        var answer = new byte[_filterBytes + (SourcesMax * _addressBytes)];
        MemoryMarshal.Write(answer, header);
        if (!SocketCalls.TryQuery(socket, level, MCAST_MSFILTER, answer))
        {
            return null;
        }

        header = MemoryMarshal.Read<group_filter>(answer);
        var group = new MulticastGroup
        {
            Level = level,
            InterfaceName = candidate.InterfaceName,
            Group = ByteString.CopyFrom(address),
            Mode = header.gf_fmode,
        };
        for (var i = 0; i < Math.Min(header.gf_numsrc, SourcesMax); i++)
        {
            group.Sources.Add(ByteString.CopyFrom(answer, _filterBytes + (i * _addressBytes), address.Length));
        }

        return group;
    }

    private static sockaddr_storage Address(ReadOnlySpan<byte> address)
    {
        var storage = new byte[_addressBytes];
        address.CopyTo(storage);
        return MemoryMarshal.Read<sockaddr_storage>(storage);
    }

    private static ReadOnlySpan<byte> Bytes<T>(T request)
        where T : struct => MemoryMarshal.AsBytes(new ReadOnlySpan<T>([request]));
}
