using System.Buffers;
using Checkpointer.Store.Compression;
using Checkpointer.Store.Encryption;

namespace Checkpointer.Store.Packs;

/// <summary>Turns payloads back into plain bytes.</summary>
internal static class ChunkDecoder
{
    /// <summary>Decodes a payload whose record begins at <paramref name="offset"/>. The hash is the caller's to check.</summary>
    /// <exception cref="PackFormatException">The payload does not match its guard, is malformed, or is not encrypted with the key that is given.</exception>
    public static void Decode(
        IBlockCodec codec, RecordHeader header, ReadOnlySpan<byte> payload, Span<byte> plain, long offset, StoreCipher? cipher = null)
    {
        PackFormatException.Require(payload.Length == header.StoredBytes && plain.Length == header.PlainBytes, offset, "a payload is cut short");
        PackFormatException.Require(PackFormat.Guard(payload) == header.PayloadGuard, offset, "a payload does not match its guard");
        Expand(codec, header, payload, plain, offset, cipher);
    }

    /// <summary>Decodes without asking the guard: for whoever has just computed it.</summary>
    /// <exception cref="PackFormatException">The payload is malformed, or is not encrypted with the key that is given.</exception>
    public static void Expand(
        IBlockCodec codec, RecordHeader header, ReadOnlySpan<byte> payload, Span<byte> plain, long offset, StoreCipher? cipher = null)
    {
        if (cipher is null)
        {
            PackFormatException.Require(!header.Codec.IsEncrypted(), offset, "the chunk is encrypted, and the store is not");
            Expand(codec, header.Codec, payload, plain, offset);
            return;
        }

        // Somebody who has not the key could have put it there.
        PackFormatException.Require(header.Codec.IsEncrypted(), offset, "the chunk is not encrypted, and the store is");
        var rented = ArrayPool<byte>.Shared.Rent(payload.Length - StoreCipher.OverheadBytes);
        try
        {
            var text = rented.AsSpan(0, payload.Length - StoreCipher.OverheadBytes);
            PackFormatException.Require(cipher.TryDecrypt(header, payload, text), offset, "the chunk is not what was encrypted with the key of the store");
            Expand(codec, header.Codec.Decrypted(), text, plain, offset);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(rented);
        }
    }

    private static void Expand(IBlockCodec codec, ChunkCodec chosen, ReadOnlySpan<byte> payload, Span<byte> plain, long offset)
    {
        if (chosen == ChunkCodec.Raw)
        {
            payload.CopyTo(plain);
            return;
        }

        var elementBytes = ElementBytes(chosen);
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
