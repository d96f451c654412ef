using Checkpointer.Store.Chunking;

namespace Checkpointer.Store.Generations;

/// <summary>Layout of segment, patch and table chunks. docs/format.md is the source; FormatDocumentTests ties the two.</summary>
internal static class MapFormat
{
    // Segment: head, extents.
    public const int SegmentHeadBytes = 8;
    public const int SegmentMagicAt = 0;
    public const int SegmentCountAt = 4;
    public const int SegmentReservedAt = 6;

    public const int ExtentBytes = 36;
    public const int ExtentFirstPageAt = 0;
    public const int ExtentPageCountAt = 2;
    public const int ExtentChunkPageAt = 3;
    public const int ExtentChunkIdAt = 4;

    // Patch: head, extents, clears.
    public const int PatchHeadBytes = 48;
    public const int PatchMagicAt = 0;
    public const int PatchCountAt = 4;
    public const int PatchClearCountAt = 6;
    public const int PatchDepthAt = 8;
    public const int PatchReservedAt = 10;
    public const int PatchBaseAt = 16;

    public const int ClearBytes = 4;
    public const int ClearFirstPageAt = 0;
    public const int ClearPageCountAt = 2;

    // Table: head, entries.
    public const int TableHeadBytes = 8;
    public const int TableMagicAt = 0;
    public const int TableCountAt = 4;
    public const int TableReservedAt = 6;

    public const int TableEntryBytes = 40;
    public const int TableEntrySegmentAt = 0;
    public const int TableEntryDepthAt = 2;
    public const int TableEntryPatchExtentsAt = 4;
    public const int TableEntryFullExtentsAt = 6;
    public const int TableEntryChunkIdAt = 8;

    /// <summary>Most extents: every page its own.</summary>
    public const int ExtentsMax = Geometry.SegmentPages;

    /// <summary>Most patches over a full segment: bounds what a reader must fetch to know one segment.</summary>
    public const int DepthMax = 64;

    public static ReadOnlySpan<byte> SegmentMagic => "CKSG"u8;

    public static ReadOnlySpan<byte> PatchMagic => "CKPA"u8;

    public static ReadOnlySpan<byte> TableMagic => "CKTB"u8;
}
