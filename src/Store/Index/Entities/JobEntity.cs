namespace Checkpointer.Store.Index.Entities;

/// <summary>Row of <c>jobs</c>.</summary>
internal sealed class JobEntity
{
    public long Id { get; set; }

    public required string Name { get; set; }

    public int Pid { get; set; }

    /// <summary>Two's complement of the unsigned value: SQLite has no unsigned integers.</summary>
    public long StartTicks { get; set; }

    public required string BootId { get; set; }

    public required string Command { get; set; }

    /// <summary>Microseconds since 1970.</summary>
    public long RegisteredAt { get; set; }

    public bool IsRegistered { get; set; }

    /// <summary>Number that the next generation gets.</summary>
    public long NextNumber { get; set; }

    /// <summary>Null for a process and its descendants.</summary>
    public string? Cgroup { get; set; }

    /// <summary>JSON; empty for the defaults.</summary>
    public string Policy { get; set; } = "";

    public bool IsPaused { get; set; }

    /// <summary>Empty while the job is to run.</summary>
    public string Outcome { get; set; } = "";

    /// <summary>User ID; null where it is not known.</summary>
    public long? Owner { get; set; }
}
