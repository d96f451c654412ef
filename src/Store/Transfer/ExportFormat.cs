using Checkpointer.Store.Chunking;
using Checkpointer.Store.Encryption;

namespace Checkpointer.Store.Transfer;

/// <summary>Every magic, size and offset of an export beyond the records, which are those of packs. docs/format.md is the source; FormatDocumentTests ties the two.</summary>
internal static class ExportFormat
{
    public const ushort Version = 2;

    /// <summary>Flag: records are encrypted, and the key follows the header, wrapped.</summary>
    public const ushort IsEncrypted = 1;

    public const int HeaderBytes = 32;
    public const int HeaderMagicAt = 0;
    public const int HeaderVersionAt = 8;
    public const int HeaderFlagsAt = 10;
    public const int HeaderSizeAt = 12;
    public const int HeaderKeyBytesAt = 16;
    public const int HeaderReservedAt = 20;
    public const int HeaderGuardAt = 28;

    public const int FooterBytes = 64;
    public const int FooterMagicAt = 0;
    public const int FooterCountAt = 8;
    public const int FooterRecordBytesAt = 16;
    public const int FooterReservedAt = 24;
    public const int FooterHashAt = 32;

    public static ReadOnlySpan<byte> HeaderMagic => "CKPTEXPO"u8;

    public static ReadOnlySpan<byte> FooterMagic => "CKPTDONE"u8;

    /// <summary>Name of a chunk in an export. Those of a store are not in it: they must not be known outside, nor the secret that they are made with.</summary>
    public static ChunkId NameOf(ReadOnlySpan<byte> plain, StoreCipher? cipher) => cipher?.Names.Of(plain) ?? ChunkId.Of(plain);
}
