using System.Buffers.Binary;
using Checkpointer.Store.Chunking;
using Checkpointer.Store.Packs;

namespace Checkpointer.Store.Generations;

/// <summary>Patches of segments to bytes and back.</summary>
internal static class PatchCodec
{
    /// <summary>Whether a chunk says that it is a patch.</summary>
    public static bool IsPatch(ReadOnlySpan<byte> bytes) => bytes.StartsWith(MapFormat.PatchMagic);

    /// <summary>Size of a patch.</summary>
    public static int BytesFor(int extents, int clears)
        => MapFormat.PatchHeadBytes + (extents * MapFormat.ExtentBytes) + (clears * MapFormat.ClearBytes);

    /// <summary>Encodes; at least one change.</summary>
    public static byte[] Encode(SegmentPatch patch)
    {
        var bytes = new byte[BytesFor(patch.Extents.Count, patch.Clears.Count)];
        MapFormat.PatchMagic.CopyTo(bytes);
        BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(MapFormat.PatchCountAt), (ushort)patch.Extents.Count);
        BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(MapFormat.PatchClearCountAt), (ushort)patch.Clears.Count);
        BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(MapFormat.PatchDepthAt), (ushort)patch.Depth);
        patch.Base.CopyTo(bytes.AsSpan(MapFormat.PatchBaseAt));
        ExtentCodec.Write(bytes.AsSpan(MapFormat.PatchHeadBytes), patch.Extents);
        var clears = bytes.AsSpan(BytesFor(patch.Extents.Count, 0));
        for (var i = 0; i < patch.Clears.Count; i++)
        {
            var clear = clears[(i * MapFormat.ClearBytes)..];
            BinaryPrimitives.WriteUInt16LittleEndian(clear[MapFormat.ClearFirstPageAt..], (ushort)patch.Clears[i].FirstPage);
            BinaryPrimitives.WriteUInt16LittleEndian(clear[MapFormat.ClearPageCountAt..], (ushort)patch.Clears[i].PageCount);
        }

        var back = Decode(bytes);
        Invariant.Require(
            back.Base == patch.Base && back.Depth == patch.Depth && back.Extents.SequenceEqual(patch.Extents) && back.Clears.SequenceEqual(patch.Clears),
            $"a patch of {patch.Extents.Count} extents and {patch.Clears.Count} clears does not read back");
        return bytes;
    }

    /// <summary>Decodes and checks.</summary>
    /// <exception cref="PackFormatException">Not a patch.</exception>
    public static SegmentPatch Decode(ReadOnlySpan<byte> bytes)
    {
        PackFormatException.Require(bytes.Length >= MapFormat.PatchHeadBytes && IsPatch(bytes), 0, "the chunk is not a patch");
        int extents = BinaryPrimitives.ReadUInt16LittleEndian(bytes[MapFormat.PatchCountAt..]);
        int clears = BinaryPrimitives.ReadUInt16LittleEndian(bytes[MapFormat.PatchClearCountAt..]);
        int depth = BinaryPrimitives.ReadUInt16LittleEndian(bytes[MapFormat.PatchDepthAt..]);
        PackFormatException.Require(
            !bytes[MapFormat.PatchReservedAt..MapFormat.PatchBaseAt].ContainsAnyExcept((byte)0), 0, "reserved bytes of a patch are not zero");
        PackFormatException.Require(
            extents <= MapFormat.ExtentsMax && clears <= MapFormat.ExtentsMax && extents + clears > 0 && bytes.Length == BytesFor(extents, clears),
            0, $"a patch of {bytes.Length} bytes says {extents} extents and {clears} clears");
        PackFormatException.Require(depth is > 0 and <= MapFormat.DepthMax, 0, $"a patch says depth {depth}");
        var end = BytesFor(extents, 0);
        return new SegmentPatch(
            new ChunkId(bytes.Slice(MapFormat.PatchBaseAt, ChunkId.Bytes)), depth,
            ExtentCodec.Read(bytes[MapFormat.PatchHeadBytes..end]), ReadClears(bytes[end..]));
    }

    private static PageRange[] ReadClears(ReadOnlySpan<byte> bytes)
    {
        var clears = new PageRange[bytes.Length / MapFormat.ClearBytes];
        var end = 0;
        for (var i = 0; i < clears.Length; i++)
        {
            var clear = bytes.Slice(i * MapFormat.ClearBytes, MapFormat.ClearBytes);
            clears[i] = new PageRange(
                BinaryPrimitives.ReadUInt16LittleEndian(clear[MapFormat.ClearFirstPageAt..]),
                BinaryPrimitives.ReadUInt16LittleEndian(clear[MapFormat.ClearPageCountAt..]));
            PackFormatException.Require(
                clears[i].FirstPage >= end && clears[i].PageCount > 0 && clears[i].FirstPage + clears[i].PageCount <= Geometry.SegmentPages,
                0, $"a patch has an impossible clear at page {clears[i].FirstPage}");
            end = clears[i].FirstPage + clears[i].PageCount;
        }

        return clears;
    }
}
