using System.Buffers.Binary;
using Checkpointer.Store.Chunking;
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
        for (var i = 0; i < extents.Count; i++)
        {
            var target = bytes.AsSpan(MapFormat.SegmentHeadBytes + (i * MapFormat.ExtentBytes));
            BinaryPrimitives.WriteUInt16LittleEndian(target[MapFormat.ExtentFirstPageAt..], (ushort)extents[i].FirstPage);
            BinaryPrimitives.WriteUInt16LittleEndian(target[MapFormat.ExtentPageCountAt..], (ushort)extents[i].PageCount);
            BinaryPrimitives.WriteUInt16LittleEndian(target[MapFormat.ExtentChunkPageAt..], (ushort)extents[i].ChunkPage);
            extents[i].Chunk.CopyTo(target[MapFormat.ExtentChunkIdAt..]);
        }

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
        var extents = new Extent[count];
        var end = 0;
        for (var i = 0; i < count; i++)
        {
            extents[i] = ReadExtent(bytes.Slice(MapFormat.SegmentHeadBytes + (i * MapFormat.ExtentBytes), MapFormat.ExtentBytes), end);
            end = extents[i].FirstPage + extents[i].PageCount;
        }

        return extents;
    }

    private static Extent ReadExtent(ReadOnlySpan<byte> source, int previousEnd)
    {
        var extent = new Extent(
            BinaryPrimitives.ReadUInt16LittleEndian(source[MapFormat.ExtentFirstPageAt..]),
            BinaryPrimitives.ReadUInt16LittleEndian(source[MapFormat.ExtentPageCountAt..]),
            BinaryPrimitives.ReadUInt16LittleEndian(source[MapFormat.ExtentChunkPageAt..]),
            new ChunkId(source.Slice(MapFormat.ExtentChunkIdAt, ChunkId.Bytes)));
        PackFormatException.Require(
            extent.FirstPage >= previousEnd && extent.PageCount > 0
                && extent.FirstPage + extent.PageCount <= Geometry.SegmentPages
                && extent.ChunkPage + extent.PageCount <= Geometry.WindowPages
                && BinaryPrimitives.ReadUInt16LittleEndian(source[MapFormat.ExtentReservedAt..]) == 0,
            0, $"a segment has an impossible extent at page {extent.FirstPage}");
        return extent;
    }
}
