using Checkpointer.Scheduler.Cli.Rendering;
using Checkpointer.Scheduler.Policies;

namespace Checkpointer.Scheduler.Cli;

/// <summary>A policy in a few words.</summary>
internal static class PolicySummary
{
    /// <summary>When dumps are due.</summary>
    public static string Schedule(JobPolicy policy, string job, TimeProvider time) => policy.ToSchedule(job, time.LocalTimeZone)?.Describe() ?? "by hand";

    /// <summary>Which generations stay.</summary>
    public static string Keeps(JobPolicy policy)
    {
        RetentionPolicy retention = policy.ToRetentionPolicy();
        IEnumerable<string> rules = retention.Rules.Select(rule
            => rule.Within is not null ? rule.Reason : FormattableString.Invariant($"{rule.Reason} {(rule.Count is { } count ? count : KeepCountConverter.Unlimited)}"));
        string[] all = retention.BytesMax is { } bytes ? [.. rules, $"at most {Quantity.Bytes(bytes)}"] : [.. rules];
        return all.Length == 0 ? "all" : string.Join(", ", all);
    }
}
