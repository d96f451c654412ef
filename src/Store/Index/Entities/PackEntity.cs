namespace Checkpointer.Store.Index.Entities;

/// <summary>Row of <c>packs</c>.</summary>
internal sealed class PackEntity
{
    public long Id { get; set; }

    /// <summary>The 16 bytes that name the file.</summary>
    public required byte[] PackId { get; set; }

    public long Bytes { get; set; }

    public int Chunks { get; set; }

    /// <summary>Hash in the pack's trailer.</summary>
    public required byte[] TrailerHash { get; set; }

    /// <summary>Whether it holds what a collection of garbage tells a rebuild.</summary>
    public bool IsLedger { get; set; }

    /// <summary>Microseconds since 1970; null when it never was.</summary>
    public long? ProvedAt { get; set; }
}
