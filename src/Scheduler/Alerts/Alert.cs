using System.Text.Json.Serialization;

namespace Checkpointer.Scheduler.Alerts;

/// <summary>Why somebody is told.</summary>
internal enum AlertKind
{
    /// <summary>The first failure after a success.</summary>
    Failure,

    /// <summary>The first success after a failure.</summary>
    SuccessAfterFailure,

    /// <summary>The job runs and has had no new good generation for too long.</summary>
    NoGoodGeneration,
}

/// <summary>What somebody is told.</summary>
/// <param name="Kind">Why.</param>
/// <param name="Job">Name of the job.</param>
/// <param name="Message">A sentence.</param>
/// <param name="At">When it happened.</param>
/// <param name="Host">Name of the host.</param>
internal sealed record Alert(AlertKind Kind, string Job, string Message, DateTimeOffset At, string Host);

/// <summary>How alerts are posted: names and words in snake_case.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(AlertBody))]
internal sealed partial class AlertJson : JsonSerializerContext;

/// <summary>The object that is posted.</summary>
internal sealed record AlertBody(string Kind, string Job, string Message, DateTimeOffset At, string Host)
{
    /// <summary>Of an alert.</summary>
    public static AlertBody From(Alert alert) => new(Word(alert.Kind), alert.Job, alert.Message, alert.At, alert.Host);

    /// <summary>The word for a kind.</summary>
    public static string Word(AlertKind kind) => kind switch
    {
        AlertKind.Failure => "failure",
        AlertKind.SuccessAfterFailure => "success_after_failure",
        _ => "no_good_generation",
    };
}
