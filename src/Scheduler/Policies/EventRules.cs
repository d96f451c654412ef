using System.Text.Json.Serialization;

namespace Checkpointer.Scheduler.Policies;

/// <summary>What is done when memory is short.</summary>
internal enum PressureChoice
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>One more dump.</summary>
    Dump,
}

/// <summary>Dumps that are due because something happens, beside those of the schedule.</summary>
internal sealed record EventRules
{
    /// <summary>When the host goes down and ends the service: one more dump. Null for no.</summary>
    public bool? OnShutdown { get; init; }

    /// <summary>When <c>checkpointer run</c> gets SIGTERM: dump the job, stop it, end with exit code 85. Null for no: the job gets the signal.</summary>
    public bool? OnTerminate { get; init; }

    /// <summary>When tasks of the job's cgroup, or of the host, wait for memory. Null for nothing.</summary>
    [JsonConverter(typeof(WordConverter<PressureChoice>))]
    public PressureChoice? OnMemoryPressure { get; init; }

    /// <summary>Within how long a dump for one of the first two must be done; then it is given up. Null for 60 s.</summary>
    [JsonConverter(typeof(DurationConverter))]
    public TimeSpan? Grace { get; init; }

    /// <summary>These, and what they do not say from others.</summary>
    public EventRules Over(EventRules? below) => below is null ? this : new EventRules
    {
        OnShutdown = OnShutdown ?? below.OnShutdown,
        OnTerminate = OnTerminate ?? below.OnTerminate,
        OnMemoryPressure = OnMemoryPressure ?? below.OnMemoryPressure,
        Grace = Grace ?? below.Grace,
    };

    /// <summary>With the defaults for what is not said.</summary>
    public EventPolicy ToPolicy()
    {
        EventPolicy usual = EventPolicy.Default;
        return new EventPolicy(
            OnShutdown ?? usual.OnShutdown, OnTerminate ?? usual.OnTerminate, OnMemoryPressure ?? usual.OnMemoryPressure, Grace ?? usual.Grace);
    }
}

/// <summary>Dumps because something happens, everything said.</summary>
/// <param name="OnShutdown">When the host goes down.</param>
/// <param name="OnTerminate">When <c>checkpointer run</c> gets SIGTERM.</param>
/// <param name="OnMemoryPressure">When memory is short.</param>
/// <param name="Grace">Within how long a dump for one of the first two must be done.</param>
internal sealed record EventPolicy(bool OnShutdown, bool OnTerminate, PressureChoice OnMemoryPressure, TimeSpan Grace)
{
    /// <summary>Nothing said.</summary>
    public static EventPolicy Default { get; } = new(OnShutdown: false, OnTerminate: false, PressureChoice.None, Grace: TimeSpan.FromSeconds(60));
}
