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

        PackFormatException.Require(codec.Decompress(payload, plain), offset, "a payload is not valid LZ4");
    }
}
