using System.Text.Json.Serialization;

namespace Checkpointer.Scheduler.Policies;

/// <summary>What dumps of a job may take of the host.</summary>
internal sealed record LimitRules
{
    /// <summary>Nice level of the threads that read, compress and write; from 0 to 19. Null for that of the configuration.</summary>
    public int? Nice { get; init; }

    /// <summary>Threads that hash and compress; from 1 to 256. Null for that of the configuration.</summary>
    public int? Cores { get; init; }

    /// <summary>Most bytes a second that are written to the store, averaged; null for no limit.</summary>
    [JsonConverter(typeof(SizeConverter))]
    public long? RateBytes { get; init; }

    /// <summary>These, and what they do not say from others.</summary>
    public LimitRules Over(LimitRules? below) => below is null ? this : new LimitRules
    {
        Nice = Nice ?? below.Nice,
        Cores = Cores ?? below.Cores,
        RateBytes = RateBytes ?? below.RateBytes,
    };
}
