using System.Buffers.Binary;
using Checkpointer.Store.Chunking;
using Checkpointer.Store.Packs;

namespace Checkpointer.Store.Generations;

/// <summary>Tables (segment index within the table to segment chunk) to bytes and back.</summary>
internal static class TableCodec
{
    /// <summary>Encodes; at least one segment.</summary>
    public static byte[] Encode(SortedDictionary<int, SegmentEntry> segments)
    {
        var bytes = new byte[MapFormat.TableHeadBytes + (segments.Count * MapFormat.TableEntryBytes)];
        MapFormat.TableMagic.CopyTo(bytes);
        BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(MapFormat.TableCountAt), (ushort)segments.Count);
        var at = MapFormat.TableHeadBytes;
        foreach (var (slot, segment) in segments)
        {
            var entry = bytes.AsSpan(at, MapFormat.TableEntryBytes);
            BinaryPrimitives.WriteUInt16LittleEndian(entry[MapFormat.TableEntrySegmentAt..], (ushort)slot);
            BinaryPrimitives.WriteUInt16LittleEndian(entry[MapFormat.TableEntryDepthAt..], (ushort)segment.Depth);
            BinaryPrimitives.WriteUInt16LittleEndian(entry[MapFormat.TableEntryPatchExtentsAt..], (ushort)segment.PatchExtents);
            BinaryPrimitives.WriteUInt16LittleEndian(entry[MapFormat.TableEntryFullExtentsAt..], (ushort)segment.FullExtents);
            segment.Chunk.CopyTo(entry[MapFormat.TableEntryChunkIdAt..]);
            at += MapFormat.TableEntryBytes;
        }

        Invariant.Require(Decode(bytes).SequenceEqual(segments), $"a table of {segments.Count} segments does not read back");
        return bytes;
    }

    /// <summary>Decodes and checks.</summary>
    /// <exception cref="PackFormatException">Not a table.</exception>
    public static SortedDictionary<int, SegmentEntry> Decode(ReadOnlySpan<byte> bytes)
    {
        PackFormatException.Require(
            bytes.Length >= MapFormat.TableHeadBytes && bytes.StartsWith(MapFormat.TableMagic), 0, "the chunk is not a table");
        int count = BinaryPrimitives.ReadUInt16LittleEndian(bytes[MapFormat.TableCountAt..]);
        PackFormatException.Require(
            BinaryPrimitives.ReadUInt16LittleEndian(bytes[MapFormat.TableReservedAt..]) == 0, 0, "reserved bytes of a table are not zero");
        PackFormatException.Require(
            count is > 0 and <= Geometry.TableSegments && bytes.Length == MapFormat.TableHeadBytes + (count * MapFormat.TableEntryBytes),
            0, $"a table of {bytes.Length} bytes says {count} segments");
        var segments = new SortedDictionary<int, SegmentEntry>();
        var previous = -1;
        for (var i = 0; i < count; i++)
        {
            var entry = bytes.Slice(MapFormat.TableHeadBytes + (i * MapFormat.TableEntryBytes), MapFormat.TableEntryBytes);
            int segment = BinaryPrimitives.ReadUInt16LittleEndian(entry[MapFormat.TableEntrySegmentAt..]);
            PackFormatException.Require(segment > previous && segment < Geometry.TableSegments, 0, $"a table has an impossible entry for segment {segment}");
            segments.Add(segment, ReadSegment(entry));
            previous = segment;
        }

        return segments;
    }

    private static SegmentEntry ReadSegment(ReadOnlySpan<byte> entry)
    {
        var segment = new SegmentEntry(
            new ChunkId(entry.Slice(MapFormat.TableEntryChunkIdAt, ChunkId.Bytes)),
            BinaryPrimitives.ReadUInt16LittleEndian(entry[MapFormat.TableEntryDepthAt..]),
            BinaryPrimitives.ReadUInt16LittleEndian(entry[MapFormat.TableEntryPatchExtentsAt..]),
            BinaryPrimitives.ReadUInt16LittleEndian(entry[MapFormat.TableEntryFullExtentsAt..]));
        PackFormatException.Require(
            segment.Depth <= MapFormat.DepthMax && segment.FullExtents is > 0 and <= MapFormat.ExtentsMax && segment.PatchExtents >= segment.Depth
                && (segment.Depth > 0 || segment.PatchExtents == 0),
            0, $"a table says depth {segment.Depth}, {segment.PatchExtents} and {segment.FullExtents} extents of a segment");
        return segment;
    }
}
