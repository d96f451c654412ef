using System.Buffers.Binary;
using Checkpointer.Store.Packs;

namespace Checkpointer.Store.Generations;

/// <summary>Segments to bytes and back.</summary>
internal static class SegmentCodec
{
    /// <summary>Encodes extents that ascend and do not overlap; at least one.</summary>
    public static byte[] Encode(IReadOnlyList<Extent> extents)
    {
        var bytes = new byte[MapFormat.SegmentHeadBytes + (extents.Count * MapFormat.ExtentBytes)];
        MapFormat.SegmentMagic.CopyTo(bytes);
        BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(MapFormat.SegmentCountAt), (ushort)extents.Count);
        ExtentCodec.Write(bytes.AsSpan(MapFormat.SegmentHeadBytes), extents);
        Invariant.Require(Decode(bytes).SequenceEqual(extents), $"a segment of {extents.Count} extents does not read back");
        return bytes;
    }

    /// <summary>Decodes and checks.</summary>
    /// <exception cref="PackFormatException">Not a segment.</exception>
    public static Extent[] Decode(ReadOnlySpan<byte> bytes)
    {
        PackFormatException.Require(
            bytes.Length >= MapFormat.SegmentHeadBytes && bytes.StartsWith(MapFormat.SegmentMagic), 0, "the chunk is not a segment");
        int count = BinaryPrimitives.ReadUInt16LittleEndian(bytes[MapFormat.SegmentCountAt..]);
        PackFormatException.Require(
            BinaryPrimitives.ReadUInt16LittleEndian(bytes[MapFormat.SegmentReservedAt..]) == 0, 0, "reserved bytes of a segment are not zero");
        PackFormatException.Require(
            count is > 0 and <= MapFormat.ExtentsMax && bytes.Length == MapFormat.SegmentHeadBytes + (count * MapFormat.ExtentBytes),
            0, $"a segment of {bytes.Length} bytes says {count} extents");
        return ExtentCodec.Read(bytes[MapFormat.SegmentHeadBytes..]);
    }
}
