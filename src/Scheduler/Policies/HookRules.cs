using System.Text.Json.Serialization;

namespace Checkpointer.Scheduler.Policies;

/// <summary>Commands around a dump: absolute path and arguments, run without a shell.</summary>
internal sealed record HookRules
{
    /// <summary>Longest that a hook may take where nothing is said.</summary>
    public static TimeSpan UsualTimeLimit { get; } = TimeSpan.FromSeconds(30);

    /// <summary>Before it. Another exit code than 0, or none within the time limit, fails the dump before the job is touched.</summary>
    public IReadOnlyList<string>? Before { get; init; }

    /// <summary>After it, also after one that failed. Its own failure is told and changes nothing.</summary>
    public IReadOnlyList<string>? After { get; init; }

    /// <summary>Longest that either may take before it is killed; null for 30 s.</summary>
    [JsonConverter(typeof(DurationConverter))]
    public TimeSpan? TimeLimit { get; init; }

    /// <summary>These, and what they do not say from others.</summary>
    public HookRules Over(HookRules? below) => below is null ? this : new HookRules
    {
        Before = Before ?? below.Before,
        After = After ?? below.After,
        TimeLimit = TimeLimit ?? below.TimeLimit,
    };
}
