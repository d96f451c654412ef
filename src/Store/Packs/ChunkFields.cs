using Checkpointer.Store.Encryption;

namespace Checkpointer.Store.Packs;

/// <summary>Checks of the fields that record headers and trailer entries share. They come before any allocation.</summary>
internal static class ChunkFields
{
    /// <summary>Precondition: the guard or hash over these fields matched, so an unknown value is a newer version, not damage.</summary>
    public static void RequireKnown(byte kind, byte codec, ushort flags, long offset)
    {
        if (!Enum.IsDefined((ChunkKind)kind) || !Enum.IsDefined((ChunkCodec)codec) || flags != 0)
        {
            throw new PackFormatException(offset, $"a chunk has kind {kind}, codec {codec} and flags {flags:x4}, which this version does not know", isNewer: true);
        }
    }

    /// <summary>Bounds: a chunk is never empty, never over the cap of its kind, and never larger stored than plain, but for what encryption adds.</summary>
    public static void RequireSizes(ChunkKind kind, ChunkCodec codec, int stored, int plain, long offset)
    {
        PackFormatException.Require(plain > 0 && plain <= PackFormat.PlainBytesMax(kind), offset, $"a chunk says it has {plain} plain bytes");
        var text = stored - (codec.IsEncrypted() ? StoreCipher.OverheadBytes : 0);
        PackFormatException.Require(
            codec.Decrypted() == ChunkCodec.Raw ? text == plain : text > 0 && text < plain, offset, $"a chunk of {plain} plain bytes says it is stored in {stored}");
    }
}
