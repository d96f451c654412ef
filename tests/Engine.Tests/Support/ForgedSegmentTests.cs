using System.Buffers.Binary;
using System.Net;
using Checkpointer.Engine.Support;
using Xunit;

namespace Checkpointer.Engine.Tests.Support;

/// <summary>An end of stream that we make ourselves is a packet that every host takes.</summary>
[Trait("kind", "unit")]
public sealed class ForgedSegmentTests
{
    private const int TcpBytes = 20;

    [Theory]
    [InlineData("10.1.2.3", "192.168.200.9", 20)]
    [InlineData("fe80::1:2", "2001:db8::ffff:1", 40)]
    public void Bytes_SumUpToWhatAReceiverChecks(string from, string to, int headerBytes)
    {
        var segment = new ForgedSegment(new IPEndPoint(IPAddress.Parse(from), 65530), new IPEndPoint(IPAddress.Parse(to), 80), ForgedSegment.Reset, 0xfffffff0, 0x80000001, 0xfffe);

        var packet = segment.Bytes();

        Assert.Equal(headerBytes + TcpBytes, packet.Length);
        byte[] summed = [.. IPAddress.Parse(from).GetAddressBytes(), .. IPAddress.Parse(to).GetAddressBytes(), 0, 6, 0, TcpBytes, .. packet[headerBytes..]];
        var sum = Enumerable.Range(0, summed.Length / 2).Sum(word => BinaryPrimitives.ReadUInt16BigEndian(summed.AsSpan(2 * word)));
        Assert.Equal(0, sum % ushort.MaxValue);
    }

    [Fact]
    public void Bytes_OfVersion4_AreThoseOfTheStandard()
    {
        var segment = new ForgedSegment(new IPEndPoint(IPAddress.Parse("1.2.3.4"), 0x1234), new IPEndPoint(IPAddress.Parse("5.6.7.8"), 0x5678), ForgedSegment.End, 0x01020304, 0x05060708, 0x0a0b);

        var packet = segment.Bytes();

        Assert.Equal("45000028000000004006000001020304050607081234567801020304050607085011" + "0a0b", Convert.ToHexStringLower(packet)[..^8]);
    }
}
