using System.Text.Json.Serialization;

namespace Checkpointer.Scheduler.Policies;

/// <summary>Dumps that are due because something happens, beside those of the schedule.</summary>
internal sealed record EventRules
{
    /// <summary>When the host goes down and ends the service: one more dump. Null for no.</summary>
    public bool? OnShutdown { get; init; }

    /// <summary>When <c>checkpointer run</c> gets SIGTERM: dump the job, stop it, end with exit code 85. Null for no: the job gets the signal.</summary>
    public bool? OnTerminate { get; init; }

    /// <summary>Within how long such a dump must be done; then it is given up. Null for 60 s.</summary>
    [JsonConverter(typeof(DurationConverter))]
    public TimeSpan? Grace { get; init; }

    /// <summary>These, and what they do not say from others.</summary>
    public EventRules Over(EventRules? below) => below is null ? this : new EventRules
    {
        OnShutdown = OnShutdown ?? below.OnShutdown,
        OnTerminate = OnTerminate ?? below.OnTerminate,
        Grace = Grace ?? below.Grace,
    };

    /// <summary>With the defaults for what is not said.</summary>
    public EventPolicy ToPolicy()
    {
        EventPolicy usual = EventPolicy.Default;
        return new EventPolicy(
            OnShutdown ?? usual.OnShutdown, OnTerminate ?? usual.OnTerminate, Grace ?? usual.Grace);
    }
}

/// <summary>Dumps because something happens, everything said.</summary>
/// <param name="OnShutdown">When the host goes down.</param>
/// <param name="OnTerminate">When <c>checkpointer run</c> gets SIGTERM.</param>
/// <param name="Grace">Within how long such a dump must be done.</param>
internal sealed record EventPolicy(bool OnShutdown, bool OnTerminate, TimeSpan Grace)
{
    /// <summary>Nothing said.</summary>
    public static EventPolicy Default { get; } = new(OnShutdown: false, OnTerminate: false, Grace: TimeSpan.FromSeconds(60));
}
