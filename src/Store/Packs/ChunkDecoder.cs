using System.Buffers;
using Checkpointer.Store.Compression;

namespace Checkpointer.Store.Packs;

/// <summary>Turns payloads back into plain bytes.</summary>
internal static class ChunkDecoder
{
    /// <summary>Decodes a payload whose record begins at <paramref name="offset"/>. The hash is the caller's to check.</summary>
    /// <exception cref="PackFormatException">The payload does not match its guard, or is malformed.</exception>
    public static void Decode(IBlockCodec codec, RecordHeader header, ReadOnlySpan<byte> payload, Span<byte> plain, long offset)
    {
        PackFormatException.Require(payload.Length == header.StoredBytes && plain.Length == header.PlainBytes, offset, "a payload is cut short");
        PackFormatException.Require(PackFormat.Guard(payload) == header.PayloadGuard, offset, "a payload does not match its guard");
        Expand(codec, header, payload, plain, offset);
    }

    /// <summary>Decodes without asking the guard: for whoever has just computed it.</summary>
    /// <exception cref="PackFormatException">The payload is malformed.</exception>
    public static void Expand(IBlockCodec codec, RecordHeader header, ReadOnlySpan<byte> payload, Span<byte> plain, long offset)
    {
        if (header.Codec == ChunkCodec.Raw)
        {
            payload.CopyTo(plain);
            return;
        }

        var elementBytes = ElementBytes(header.Codec);
        if (elementBytes == 0)
        {
            PackFormatException.Require(codec.Decompress(payload, plain), offset, "a payload is not valid LZ4");
            return;
        }

        var shuffled = ArrayPool<byte>.Shared.Rent(plain.Length);
        try
        {
            PackFormatException.Require(codec.Decompress(payload, shuffled.AsSpan(0, plain.Length)), offset, "a payload is not valid LZ4");
            ByteShuffle.Unshuffle(elementBytes, shuffled.AsSpan(0, plain.Length), plain);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(shuffled);
        }
    }

    /// <summary>Bytes of the elements by which a codec shuffles; 0 where it does not.</summary>
    public static int ElementBytes(ChunkCodec codec) => codec switch
    {
        ChunkCodec.Shuffle4Lz4 => 4,
        ChunkCodec.Shuffle8Lz4 => 8,
        _ => 0,
    };
}
