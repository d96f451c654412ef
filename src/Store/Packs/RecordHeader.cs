using System.Buffers.Binary;
using Checkpointer.Store.Chunking;

namespace Checkpointer.Store.Packs;

/// <summary>What stands in front of every payload, so that a pack can be read without its trailer.</summary>
internal readonly record struct RecordHeader(
    ChunkKind Kind, ChunkCodec Codec, int StoredBytes, int PlainBytes, ChunkId Chunk, uint PayloadGuard)
{
    /// <summary>Header and payload.</summary>
    public int RecordBytes => PackFormat.RecordHeaderBytes + StoredBytes;

    /// <summary>Encodes.</summary>
    public void Write(Span<byte> target)
    {
        var header = target[..PackFormat.RecordHeaderBytes];
        header.Clear();
        PackFormat.RecordMagic.CopyTo(header);
        header[PackFormat.RecordKindAt] = (byte)Kind;
        header[PackFormat.RecordCodecAt] = (byte)Codec;
        BinaryPrimitives.WriteInt32LittleEndian(header[PackFormat.RecordStoredBytesAt..], StoredBytes);
        BinaryPrimitives.WriteInt32LittleEndian(header[PackFormat.RecordPlainBytesAt..], PlainBytes);
        Chunk.CopyTo(header[PackFormat.RecordChunkIdAt..]);
        BinaryPrimitives.WriteUInt32LittleEndian(header[PackFormat.RecordPayloadGuardAt..], PayloadGuard);
        BinaryPrimitives.WriteUInt32LittleEndian(
            header[PackFormat.RecordGuardAt..], PackFormat.Guard(header[..PackFormat.RecordGuardAt]));
    }

    /// <summary>Encodes what an encrypted payload is bound to: all that stands before its guard.</summary>
    public void WriteBound(Span<byte> target)
    {
        Span<byte> whole = stackalloc byte[PackFormat.RecordHeaderBytes];
        Write(whole);
        whole[..PackFormat.RecordPayloadGuardAt].CopyTo(target);
    }

    /// <summary>Decodes and checks. <paramref name="offset"/> is where it stands, for messages.</summary>
    /// <exception cref="PackFormatException">Not a record header, or of a newer version.</exception>
    public static RecordHeader Read(ReadOnlySpan<byte> source, long offset)
    {
        PackFormatException.Require(source.Length >= PackFormat.RecordHeaderBytes, offset, "a record header is cut short");
        var header = source[..PackFormat.RecordHeaderBytes];
        PackFormatException.Require(header.StartsWith(PackFormat.RecordMagic), offset, "a record header has another magic");
        var guard = BinaryPrimitives.ReadUInt32LittleEndian(header[PackFormat.RecordGuardAt..]);
        PackFormatException.Require(
            guard == PackFormat.Guard(header[..PackFormat.RecordGuardAt]), offset, "the guard of a record header does not match");
        ChunkFields.RequireKnown(
            header[PackFormat.RecordKindAt], header[PackFormat.RecordCodecAt],
            BinaryPrimitives.ReadUInt16LittleEndian(header[PackFormat.RecordFlagsAt..]), offset);
        PackFormatException.Require(
            !header[PackFormat.RecordReservedAt..PackFormat.RecordGuardAt].ContainsAnyExcept((byte)0), offset, "reserved bytes of a record header are not zero");
        var result = new RecordHeader(
            (ChunkKind)header[PackFormat.RecordKindAt],
            (ChunkCodec)header[PackFormat.RecordCodecAt],
            BinaryPrimitives.ReadInt32LittleEndian(header[PackFormat.RecordStoredBytesAt..]),
            BinaryPrimitives.ReadInt32LittleEndian(header[PackFormat.RecordPlainBytesAt..]),
            new ChunkId(header.Slice(PackFormat.RecordChunkIdAt, ChunkId.Bytes)),
            BinaryPrimitives.ReadUInt32LittleEndian(header[PackFormat.RecordPayloadGuardAt..]));
        ChunkFields.RequireSizes(result.Kind, result.Codec, result.StoredBytes, result.PlainBytes, offset);
        return result;
    }
}
