using System.Buffers.Binary;
using System.Net;
using Checkpointer.Engine.Interop;
using static Checkpointer.Engine.Interop.SocketNumber;

namespace Checkpointer.Engine.Support;

/// <summary>
/// A TCP segment without data, made by ourselves in the name of a peer and sent to a socket of this host (RFC 9293, raw(7)): how a connection has ended cannot be
/// told to a new socket in another way.
/// </summary>
/// <param name="From">The peer.</param>
/// <param name="To">The socket.</param>
/// <param name="Flags">One of the constants here.</param>
/// <param name="Sequence">The next number that the socket waits for.</param>
/// <param name="Acknowledged">The next number that the peer waits for.</param>
/// <param name="Window">What the peer takes, as in its last segment.</param>
internal sealed record ForgedSegment(IPEndPoint From, IPEndPoint To, byte Flags, uint Sequence, uint Acknowledged, ushort Window)
{
    /// <summary>The peer ends its direction.</summary>
    public const byte End = 0x11; // FIN, ACK

    /// <summary>The peer has received what was sent.</summary>
    public const byte Acknowledgement = 0x10; // ACK

    /// <summary>The peer breaks the connection off.</summary>
    public const byte Reset = 0x14; // RST, ACK

    private const int TcpBytes = 20;
    private const int HeaderBytes4 = 20;
    private const int HeaderBytes6 = 40;
    private const byte TimeToLive = 64;
    private const byte DataOffset = TcpBytes / sizeof(uint) << 4;
    private const int ChecksumOffset = 16;

    private bool IsVersion4 => From.AddressFamily == System.Net.Sockets.AddressFamily.InterNetwork;

    /// <summary>Sends it.</summary>
    /// <param name="mark">SO_MARK of the packet.</param>
    /// <param name="address">struct sockaddr_in or sockaddr_in6 of the socket, with its scope and without its port, which raw(7) takes for a protocol.</param>
    public void Send(uint mark, ReadOnlySpan<byte> address)
    {
        const int IPPROTO_RAW = 255; // with the header of IP
        using var raw = SocketCalls.Make(IsVersion4 ? AF_INET : AF_INET6, SOCK_RAW, IPPROTO_RAW);
        SocketCalls.SetOption(raw, SOL_SOCKET, SocketOptionName.SO_MARK, unchecked((int)mark));
        SocketCalls.SendTo(raw, Bytes(), address, $"{To}, in the name of {From}");
    }

    /// <summary>The packet.</summary>
    public byte[] Bytes()
    {
        var packet = new byte[(IsVersion4 ? HeaderBytes4 : HeaderBytes6) + TcpBytes];
        var segment = packet.AsSpan(^TcpBytes..);
        BinaryPrimitives.WriteUInt16BigEndian(segment, (ushort)From.Port);
        BinaryPrimitives.WriteUInt16BigEndian(segment[2..], (ushort)To.Port);
        BinaryPrimitives.WriteUInt32BigEndian(segment[4..], Sequence);
        BinaryPrimitives.WriteUInt32BigEndian(segment[8..], Acknowledged);
        segment[12] = DataOffset;
        segment[13] = Flags;
        BinaryPrimitives.WriteUInt16BigEndian(segment[14..], Window);
        BinaryPrimitives.WriteUInt16BigEndian(segment[ChecksumOffset..], Checksum(segment));
        if (IsVersion4)
        {
            WriteHeader4(packet);
        }
        else
        {
            WriteHeader6(packet);
        }

        return packet;
    }

    /// <summary>The kernel fills in the checksum.</summary>
    private void WriteHeader4(Span<byte> header)
    {
        const byte VersionAndLength = 0x45;
        header[0] = VersionAndLength;
        BinaryPrimitives.WriteUInt16BigEndian(header[2..], (ushort)header.Length);
        header[8] = TimeToLive;
        header[9] = IPPROTO_TCP;
        From.Address.GetAddressBytes().CopyTo(header[12..]);
        To.Address.GetAddressBytes().CopyTo(header[16..]);
    }

    private void WriteHeader6(Span<byte> header)
    {
        const byte Version = 0x60;
        header[0] = Version;
        BinaryPrimitives.WriteUInt16BigEndian(header[4..], TcpBytes);
        header[6] = IPPROTO_TCP;
        header[7] = TimeToLive;
        From.Address.GetAddressBytes().CopyTo(header[8..]);
        To.Address.GetAddressBytes().CopyTo(header[24..]);
    }

    /// <summary>RFC 9293, 3.1: over the addresses, the protocol, the length and the segment.</summary>
    private ushort Checksum(ReadOnlySpan<byte> segment)
    {
        byte[] all = [.. From.Address.GetAddressBytes(), .. To.Address.GetAddressBytes(), 0, IPPROTO_TCP, 0, TcpBytes, .. segment];
        var sum = 0u;
        for (var at = 0; at < all.Length; at += sizeof(ushort))
        {
            sum += BinaryPrimitives.ReadUInt16BigEndian(all.AsSpan(at));
        }

        sum = (sum & ushort.MaxValue) + (sum >> 16);
        return unchecked((ushort)~(sum + (sum >> 16)));
    }
}
