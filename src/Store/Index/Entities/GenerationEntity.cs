namespace Checkpointer.Store.Index.Entities;

/// <summary>Row of <c>generations</c>.</summary>
internal sealed class GenerationEntity
{
    public long JobId { get; set; }

    public long Number { get; set; }

    /// <summary>Chunk id of the manifest.</summary>
    public required byte[] Manifest { get; set; }

    /// <summary>Microseconds since 1970.</summary>
    public long CreatedAt { get; set; }

    /// <summary>Microseconds.</summary>
    public long Duration { get; set; }

    public long NewBytes { get; set; }

    public required string Kind { get; set; }

    public required string Tracker { get; set; }

    public required string Capture { get; set; }

    public long FreezeMicroseconds { get; set; }

    public int Processes { get; set; }

    public int Threads { get; set; }

    public long PopulatedBytes { get; set; }

    public long DirtyBytes { get; set; }

    public bool IsPinned { get; set; }

    public string Note { get; set; } = "";

    public bool IsDamaged { get; set; }
}
