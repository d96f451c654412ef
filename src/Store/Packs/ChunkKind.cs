namespace Checkpointer.Store.Packs;

/// <summary>What a chunk holds. Advisory except for manifests, which a rebuild finds by it. Values are on disk.</summary>
internal enum ChunkKind : byte
{
    /// <summary>Pages of a content.</summary>
    Data = 1,

    /// <summary>Extents of 4 MiB of a content.</summary>
    Segment = 2,

    /// <summary>Segments of 1 GiB of a content.</summary>
    Table = 3,

    /// <summary>Piece of an image.</summary>
    Image = 4,

    /// <summary>What makes a generation.</summary>
    Manifest = 5,

    /// <summary>What a collection of garbage tells a rebuild.</summary>
    Ledger = 6,

    /// <summary>What changed in a segment since another generation.</summary>
    Patch = 7,
}

/// <summary>How a payload is encoded. Values are on disk.</summary>
internal enum ChunkCodec : byte
{
    /// <summary>As it is.</summary>
    Raw = 0,

    /// <summary>One LZ4 block.</summary>
    Lz4 = 1,

    /// <summary>One LZ4 block of the bytes shuffled by 4.</summary>
    Shuffle4Lz4 = 2,

    /// <summary>One LZ4 block of the bytes shuffled by 8.</summary>
    Shuffle8Lz4 = 3,

    /// <summary><see cref="Raw"/>, encrypted.</summary>
    EncryptedRaw = 128,

    /// <summary><see cref="Lz4"/>, encrypted.</summary>
    EncryptedLz4 = 129,

    /// <summary><see cref="Shuffle4Lz4"/>, encrypted.</summary>
    EncryptedShuffle4Lz4 = 130,

    /// <summary><see cref="Shuffle8Lz4"/>, encrypted.</summary>
    EncryptedShuffle8Lz4 = 131,
}

/// <summary>Questions about codecs.</summary>
internal static class ChunkCodecs
{
    private const ChunkCodec Encrypted = ChunkCodec.EncryptedRaw;

    /// <summary>Whether the payload is encrypted.</summary>
    public static bool IsEncrypted(this ChunkCodec codec) => (codec & Encrypted) != 0;

    /// <summary>The codec of what is encrypted.</summary>
    public static ChunkCodec Decrypted(this ChunkCodec codec) => codec & ~Encrypted;

    /// <summary>The codec of it when it is encrypted.</summary>
    public static ChunkCodec WithEncryption(this ChunkCodec codec) => codec | Encrypted;
}
