using System.Buffers.Binary;
using Checkpointer.Store.Chunking;
using Checkpointer.Store.Packs;

namespace Checkpointer.Store.Generations;

/// <summary>Extents as segments and patches list them.</summary>
internal static class ExtentCodec
{
    /// <summary>Encodes extents that ascend and do not overlap.</summary>
    public static void Write(Span<byte> target, IReadOnlyList<Extent> extents)
    {
        for (var i = 0; i < extents.Count; i++)
        {
            var extent = target.Slice(i * MapFormat.ExtentBytes, MapFormat.ExtentBytes);
            BinaryPrimitives.WriteUInt16LittleEndian(extent[MapFormat.ExtentFirstPageAt..], (ushort)extents[i].FirstPage);
            extent[MapFormat.ExtentPageCountAt] = (byte)extents[i].PageCount;
            extent[MapFormat.ExtentChunkPageAt] = (byte)extents[i].ChunkPage;
            extents[i].Chunk.CopyTo(extent[MapFormat.ExtentChunkIdAt..]);
        }
    }

    /// <summary>Decodes and checks as many extents as the bytes hold.</summary>
    /// <exception cref="PackFormatException">An impossible extent.</exception>
    public static Extent[] Read(ReadOnlySpan<byte> source)
    {
        var extents = new Extent[source.Length / MapFormat.ExtentBytes];
        var end = 0;
        for (var i = 0; i < extents.Length; i++)
        {
            extents[i] = ReadOne(source.Slice(i * MapFormat.ExtentBytes, MapFormat.ExtentBytes), end);
            end = extents[i].FirstPage + extents[i].PageCount;
        }

        return extents;
    }

    private static Extent ReadOne(ReadOnlySpan<byte> source, int previousEnd)
    {
        var extent = new Extent(
            BinaryPrimitives.ReadUInt16LittleEndian(source[MapFormat.ExtentFirstPageAt..]),
            source[MapFormat.ExtentPageCountAt],
            source[MapFormat.ExtentChunkPageAt],
            new ChunkId(source.Slice(MapFormat.ExtentChunkIdAt, ChunkId.Bytes)));
        PackFormatException.Require(
            extent.FirstPage >= previousEnd && extent.PageCount > 0
                && extent.FirstPage + extent.PageCount <= Geometry.SegmentPages
                && extent.ChunkPage + extent.PageCount <= Geometry.WindowPages,
            0, $"a segment has an impossible extent at page {extent.FirstPage}");
        return extent;
    }
}
