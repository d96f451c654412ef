namespace Checkpointer.Store.Index.Entities;

/// <summary>Row of <c>events</c>.</summary>
internal sealed class EventEntity
{
    public long Id { get; set; }

    public long JobId { get; set; }

    /// <summary>Microseconds since 1970.</summary>
    public long At { get; set; }

    public required string Kind { get; set; }

    public long? Generation { get; set; }

    public int? Pid { get; set; }

    public int? ExitCode { get; set; }

    public int? Signal { get; set; }

    public required string Detail { get; set; }
}
