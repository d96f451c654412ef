using System.Buffers.Binary;
using Checkpointer.Store.Chunking;

namespace Checkpointer.Store.Packs;

/// <summary>One line of a trailer: a chunk and where its record begins.</summary>
internal readonly record struct PackEntry(
    ChunkId Chunk, long Offset, int StoredBytes, int PlainBytes, ChunkKind Kind, ChunkCodec Codec)
{
    /// <summary>Header and payload.</summary>
    public int RecordBytes => PackFormat.RecordHeaderBytes + StoredBytes;

    /// <summary>Where the record ends.</summary>
    public long End => Offset + RecordBytes;

    /// <summary>The entry of a record.</summary>
    public static PackEntry Of(RecordHeader header, long offset)
        => new(header.Chunk, offset, header.StoredBytes, header.PlainBytes, header.Kind, header.Codec);

    /// <summary>Encodes.</summary>
    public void Write(Span<byte> target)
    {
        var entry = target[..PackFormat.EntryBytes];
        entry.Clear();
        Chunk.CopyTo(entry);
        BinaryPrimitives.WriteInt64LittleEndian(entry[PackFormat.EntryOffsetAt..], Offset);
        BinaryPrimitives.WriteInt32LittleEndian(entry[PackFormat.EntryStoredBytesAt..], StoredBytes);
        BinaryPrimitives.WriteInt32LittleEndian(entry[PackFormat.EntryPlainBytesAt..], PlainBytes);
        entry[PackFormat.EntryKindAt] = (byte)Kind;
        entry[PackFormat.EntryCodecAt] = (byte)Codec;
    }

    /// <summary>Decodes and checks; <paramref name="at"/> is where the entry stands.</summary>
    public static PackEntry Read(ReadOnlySpan<byte> entry, long at)
    {
        ChunkFields.RequireKnown(
            entry[PackFormat.EntryKindAt], entry[PackFormat.EntryCodecAt],
            BinaryPrimitives.ReadUInt16LittleEndian(entry[PackFormat.EntryFlagsAt..]), at);
        PackFormatException.Require(
            BinaryPrimitives.ReadUInt32LittleEndian(entry[PackFormat.EntryReservedAt..]) == 0, at, "reserved bytes of a trailer entry are not zero");
        var result = new PackEntry(
            new ChunkId(entry.Slice(PackFormat.EntryChunkIdAt, ChunkId.Bytes)),
            BinaryPrimitives.ReadInt64LittleEndian(entry[PackFormat.EntryOffsetAt..]),
            BinaryPrimitives.ReadInt32LittleEndian(entry[PackFormat.EntryStoredBytesAt..]),
            BinaryPrimitives.ReadInt32LittleEndian(entry[PackFormat.EntryPlainBytesAt..]),
            (ChunkKind)entry[PackFormat.EntryKindAt],
            (ChunkCodec)entry[PackFormat.EntryCodecAt]);
        ChunkFields.RequireSizes(result.Kind, result.Codec, result.StoredBytes, result.PlainBytes, at);
        return result;
    }
}
