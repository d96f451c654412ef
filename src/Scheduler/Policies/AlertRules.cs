using System.Text.Json.Serialization;

namespace Checkpointer.Scheduler.Policies;

/// <summary>Who is told when dumps or recoveries of a job fail, or do again what they should.</summary>
internal sealed record AlertRules
{
    /// <summary>A command, run without a shell: absolute path and arguments. What it is told stands in its environment.</summary>
    public IReadOnlyList<string>? Command { get; init; }

    /// <summary>An http or https address to which an object is posted.</summary>
    public string? Webhook { get; init; }

    /// <summary>Each first failure after a success; null for yes.</summary>
    public bool? OnFailure { get; init; }

    /// <summary>The first success after a failure; null for yes.</summary>
    public bool? OnSuccessAfterFailure { get; init; }

    /// <summary>When there has been no new good generation for this long, while the job runs; null for never.</summary>
    [JsonConverter(typeof(DurationConverter))]
    public TimeSpan? NoGoodGenerationFor { get; init; }

    /// <summary>These, and what they do not say from others.</summary>
    public AlertRules Over(AlertRules? below) => below is null ? this : new AlertRules
    {
        Command = Command ?? below.Command,
        Webhook = Webhook ?? below.Webhook,
        OnFailure = OnFailure ?? below.OnFailure,
        OnSuccessAfterFailure = OnSuccessAfterFailure ?? below.OnSuccessAfterFailure,
        NoGoodGenerationFor = NoGoodGenerationFor ?? below.NoGoodGenerationFor,
    };
}
