namespace Checkpointer.Store.Chunking;

/// <summary>Sizes of the address map. They are part of the format: docs/format.md, "Geometry".</summary>
internal static class Geometry
{
    /// <summary>Unit of every offset and length, bytes.</summary>
    public const int PageBytes = 4096;

    /// <summary>Pages of a window; a data chunk never crosses a window boundary.</summary>
    public const int WindowPages = 16;

    /// <summary>Most plain bytes of a chunk other than a manifest. 64 KiB dedups within 2 % of 4 KiB and compresses better.</summary>
    public const int ChunkBytesMax = WindowPages * PageBytes;

    /// <summary>Pages of a segment (4 MiB).</summary>
    public const int SegmentPages = 1024;

    /// <summary>Segments of a table (1 GiB of address space).</summary>
    public const int TableSegments = 256;

    /// <summary>Pages of a table.</summary>
    public const int TablePages = SegmentPages * TableSegments;

    /// <summary>Pages of the 64-bit address space.</summary>
    public const ulong SpacePages = 1UL << 52;

    /// <summary>Tables of the 64-bit address space.</summary>
    public const ulong SpaceTables = SpacePages / TablePages;
}
