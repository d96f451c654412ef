using Checkpointer.Store.Chunking;

namespace Checkpointer.Store.Generations;

/// <summary>Layout of segment and table chunks. docs/format.md is the source; FormatDocumentTests ties the two.</summary>
internal static class MapFormat
{
    // Segment: head, extents.
    public const int SegmentHeadBytes = 8;
    public const int SegmentMagicAt = 0;
    public const int SegmentCountAt = 4;
    public const int SegmentReservedAt = 6;

    public const int ExtentBytes = 40;
    public const int ExtentFirstPageAt = 0;
    public const int ExtentPageCountAt = 2;
    public const int ExtentChunkPageAt = 4;
    public const int ExtentReservedAt = 6;
    public const int ExtentChunkIdAt = 8;

    // Table: head, entries.
    public const int TableHeadBytes = 8;
    public const int TableMagicAt = 0;
    public const int TableCountAt = 4;
    public const int TableReservedAt = 6;

    public const int TableEntryBytes = 36;
    public const int TableEntrySegmentAt = 0;
    public const int TableEntryReservedAt = 2;
    public const int TableEntryChunkIdAt = 4;

    /// <summary>Most extents: every page its own.</summary>
    public const int ExtentsMax = Geometry.SegmentPages;

    public static ReadOnlySpan<byte> SegmentMagic => "CKSG"u8;

    public static ReadOnlySpan<byte> TableMagic => "CKTB"u8;
}
