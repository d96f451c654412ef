using Checkpointer.Store.Chunking;

namespace Checkpointer.Store.Packs;

/// <summary>Every magic, size and offset of a pack. docs/format.md is the source; FormatDocumentTests ties the two.</summary>
internal static class PackFormat
{
    public const ushort Version = 3;

    // Pack header.
    public const int HeaderBytes = 64;
    public const int HeaderMagicAt = 0;
    public const int HeaderVersionAt = 8;
    public const int HeaderFlagsAt = 10;
    public const int HeaderSizeAt = 12;
    public const int HeaderPackIdAt = 16;
    public const int HeaderStoreIdAt = 32;
    public const int HeaderReservedAt = 48;
    public const int HeaderGuardAt = 60;

    // Record header, in front of every payload.
    public const int RecordHeaderBytes = 64;
    public const int RecordMagicAt = 0;
    public const int RecordKindAt = 4;
    public const int RecordCodecAt = 5;
    public const int RecordFlagsAt = 6;
    public const int RecordStoredBytesAt = 8;
    public const int RecordPlainBytesAt = 12;
    public const int RecordChunkIdAt = 16;
    public const int RecordPayloadGuardAt = 48;
    public const int RecordReservedAt = 52;
    public const int RecordGuardAt = 60;

    // Trailer: head, one entry per record, footer.
    public const int TrailerHeadBytes = 32;
    public const int TrailerMagicAt = 0;
    public const int TrailerCountAt = 8;
    public const int TrailerFlagsAt = 12;
    public const int TrailerPackIdAt = 16;

    public const int EntryBytes = 56;
    public const int EntryChunkIdAt = 0;
    public const int EntryOffsetAt = 32;
    public const int EntryStoredBytesAt = 40;
    public const int EntryPlainBytesAt = 44;
    public const int EntryKindAt = 48;
    public const int EntryCodecAt = 49;
    public const int EntryFlagsAt = 50;
    public const int EntryReservedAt = 52;

    public const int FooterBytes = 56;
    public const int FooterTrailerOffsetAt = 0;
    public const int FooterTrailerBytesAt = 8;
    public const int FooterHashAt = 16;
    public const int FooterMagicAt = 48;

    /// <summary>Most records of a pack: bounds the trailer that a reader must hold at 56 MiB. A 256 MiB pack of single pages has 65 536.</summary>
    public const int EntriesMax = 1 << 20;

    /// <summary>Most plain bytes of a manifest or ledger chunk: a job of 100 000 contents needs about 10 MB, a ledger of a million generations 50 MB.</summary>
    public const int ManifestBytesMax = 64 << 20;

    public static ReadOnlySpan<byte> HeaderMagic => "CKPTPACK"u8;

    public static ReadOnlySpan<byte> RecordMagic => "CKCH"u8;

    public static ReadOnlySpan<byte> TrailerMagic => "CKPTTRLR"u8;

    public static ReadOnlySpan<byte> FooterMagic => "CKPTEND\n"u8;

    /// <summary>Most plain bytes of a chunk of that kind.</summary>
    public static int PlainBytesMax(ChunkKind kind)
        => kind is ChunkKind.Manifest or ChunkKind.Ledger ? ManifestBytesMax : Geometry.ChunkBytesMax;

    /// <summary>CRC-32C: any flip of up to 3 bits of a header is found.</summary>
    public static uint Guard(ReadOnlySpan<byte> bytes) => Crc32C.Of(bytes);
}
