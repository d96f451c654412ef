using System.Buffers.Binary;
using Checkpointer.Store.Chunking;
using Checkpointer.Store.Packs;

namespace Checkpointer.Store.Generations;

/// <summary>Tables (segment index within the table to segment chunk) to bytes and back.</summary>
internal static class TableCodec
{
    /// <summary>Encodes; at least one segment.</summary>
    public static byte[] Encode(SortedDictionary<int, ChunkId> segments)
    {
        var bytes = new byte[MapFormat.TableHeadBytes + (segments.Count * MapFormat.TableEntryBytes)];
        MapFormat.TableMagic.CopyTo(bytes);
        BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(MapFormat.TableCountAt), (ushort)segments.Count);
        var at = MapFormat.TableHeadBytes;
        foreach (var (segment, chunk) in segments)
        {
            BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(at + MapFormat.TableEntrySegmentAt), (ushort)segment);
            chunk.CopyTo(bytes.AsSpan(at + MapFormat.TableEntryChunkIdAt));
            at += MapFormat.TableEntryBytes;
        }

        Invariant.Require(Decode(bytes).SequenceEqual(segments), $"a table of {segments.Count} segments does not read back");
        return bytes;
    }

    /// <summary>Decodes and checks.</summary>
    /// <exception cref="PackFormatException">Not a table.</exception>
    public static SortedDictionary<int, ChunkId> Decode(ReadOnlySpan<byte> bytes)
    {
        PackFormatException.Require(
            bytes.Length >= MapFormat.TableHeadBytes && bytes.StartsWith(MapFormat.TableMagic), 0, "the chunk is not a table");
        int count = BinaryPrimitives.ReadUInt16LittleEndian(bytes[MapFormat.TableCountAt..]);
        PackFormatException.Require(
            BinaryPrimitives.ReadUInt16LittleEndian(bytes[MapFormat.TableReservedAt..]) == 0, 0, "reserved bytes of a table are not zero");
        PackFormatException.Require(
            count is > 0 and <= Geometry.TableSegments && bytes.Length == MapFormat.TableHeadBytes + (count * MapFormat.TableEntryBytes),
            0, $"a table of {bytes.Length} bytes says {count} segments");
        var segments = new SortedDictionary<int, ChunkId>();
        var previous = -1;
        for (var i = 0; i < count; i++)
        {
            var entry = bytes.Slice(MapFormat.TableHeadBytes + (i * MapFormat.TableEntryBytes), MapFormat.TableEntryBytes);
            int segment = BinaryPrimitives.ReadUInt16LittleEndian(entry[MapFormat.TableEntrySegmentAt..]);
            PackFormatException.Require(
                segment > previous && segment < Geometry.TableSegments
                    && BinaryPrimitives.ReadUInt16LittleEndian(entry[MapFormat.TableEntryReservedAt..]) == 0,
                0, $"a table has an impossible entry for segment {segment}");
            segments.Add(segment, new ChunkId(entry[MapFormat.TableEntryChunkIdAt..]));
            previous = segment;
        }

        return segments;
    }
}
