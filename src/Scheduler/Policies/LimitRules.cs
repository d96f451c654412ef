using System.Text.Json.Serialization;
using Checkpointer.Engine;
using Checkpointer.Store;

namespace Checkpointer.Scheduler.Policies;

/// <summary>What dumps of a job may use beside it. What is not said is as the configuration says.</summary>
internal sealed record LimitRules
{
    /// <summary>Least of <see cref="Rate"/>: below, a dump would hold its job's clone for days.</summary>
    public const long RateMin = 64 << 10;

    /// <summary>Most of <see cref="Nice"/>.</summary>
    public const int NiceMax = 19;

    /// <summary>Most of <see cref="Cores"/>.</summary>
    public const int CoresMax = 256;

    /// <summary>Nice level of the threads that read, hash, compress and write, 0 to 19.</summary>
    public int? Nice { get; init; }

    /// <summary>Threads that hash and compress, from 1 to 256.</summary>
    public int? Cores { get; init; }

    /// <summary>Most bytes of memory and files per second that a dump takes while the job runs.</summary>
    [JsonConverter(typeof(SizeConverter))]
    public long? Rate { get; init; }

    /// <summary>These, and what they do not say from others.</summary>
    public LimitRules Over(LimitRules? below) => below is null ? this : new LimitRules
    {
        Nice = Nice ?? below.Nice,
        Cores = Cores ?? below.Cores,
        Rate = Rate ?? below.Rate,
    };

    /// <summary>Those for the engine.</summary>
    public DumpLimits ToDumpLimits() => new(Nice, Rate);

    /// <summary>Those for the store.</summary>
    public WriterLimits ToWriterLimits() => new(Nice, Cores);
}
