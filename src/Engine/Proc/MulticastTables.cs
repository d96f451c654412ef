using System.Buffers.Binary;
using System.Net;
using System.Runtime.InteropServices;
using System.Text;

namespace Checkpointer.Engine.Proc;

/// <summary>A multicast group that some socket, or the kernel itself, has joined on an interface.</summary>
/// <param name="InterfaceIndex">Number of the interface.</param>
/// <param name="InterfaceName">Its name.</param>
/// <param name="Group">Address of the group.</param>
internal sealed record MulticastGroupEntry(uint InterfaceIndex, string InterfaceName, IPAddress Group);

/// <summary>Reads /proc/net/igmp and /proc/net/igmp6. Empty on a kernel without multicast.</summary>
internal static class MulticastTables
{
    private const int AddressBytes6 = 16;

    /// <summary>Groups of IPv4 of our network namespace.</summary>
    public static List<MulticastGroupEntry> Version4() => ProcFile.TryParse("/proc/thread-self/net/igmp", Parse4) ?? [];

    /// <summary>Groups of IPv6 of our network namespace.</summary>
    public static List<MulticastGroupEntry> Version6() => ProcFile.TryParse("/proc/thread-self/net/igmp6", Parse6) ?? [];

    /// <summary>Parses /proc/net/igmp: a line of each interface, and below it one, that begins with a blank, of each of its groups.</summary>
    public static List<MulticastGroupEntry> Parse4(ReadOnlySpan<byte> text)
    {
        var entries = new List<MulticastGroupEntry>();
        var lines = new LineReader(text);
        if (!lines.AtEnd)
        {
            lines.Next();
        }

        for (var (index, name) = (0u, string.Empty); !lines.AtEnd;)
        {
            var isGroup = lines.FirstByte is (byte)'\t' or (byte)' ';
            var fields = new FieldReader("net/igmp", lines.Next());
            if (isGroup)
            {
                // The four bytes in network order, printed as one number of this machine's order.
                var group = fields.Hex<uint>("Group"u8);
                entries.Add(new MulticastGroupEntry(index, name, new IPAddress(MemoryMarshal.AsBytes(new ReadOnlySpan<uint>(in group)))));
            }
            else
            {
                index = fields.Decimal<uint>("Idx"u8);
                name = Encoding.UTF8.GetString(fields.Until((byte)':', "Device"u8).Trim(" \t"u8));
            }
        }

        return entries;
    }

    /// <summary>Parses /proc/net/igmp6: a line of each group.</summary>
    public static List<MulticastGroupEntry> Parse6(ReadOnlySpan<byte> text)
    {
        var entries = new List<MulticastGroupEntry>();
        Span<byte> group = stackalloc byte[AddressBytes6];
        for (var lines = new LineReader(text); !lines.AtEnd;)
        {
            var fields = new FieldReader("net/igmp6", lines.Next());
            var index = fields.Decimal<uint>("Idx"u8);
            var name = Encoding.UTF8.GetString(fields.Word("Device"u8));
            BinaryPrimitives.WriteUInt128BigEndian(group, fields.Hex<UInt128>("Group"u8));
            entries.Add(new MulticastGroupEntry(index, name, new IPAddress(group)));
        }

        return entries;
    }
}
