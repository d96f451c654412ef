using Checkpointer.Engine;

namespace Checkpointer.Scheduler.Policies;

/// <summary>What a policy must not say. Keys are as in files, a reason goes on after <c>key: </c>.</summary>
internal static class PolicyCheck
{
    private const int AttemptsMax = 100;

    /// <summary>Whether the kernel tells of memory pressure; tests say no.</summary>
    internal static bool IsPressureTold { get; set; } = PressureWatcher.IsSupported;

    /// <summary>What is wrong with a policy file.</summary>
    public static IEnumerable<(string Key, string Reason)> OfFile(JobPolicy policy)
        => policy.From is null ? Of(policy) : Of(policy).Prepend(("from", "a policy file cannot build on another"));

    /// <summary>What is wrong with a policy.</summary>
    public static IEnumerable<(string Key, string Reason)> Of(JobPolicy policy) =>
    [
        .. Schedule("schedule", policy.Schedule ?? new ScheduleRules()),
        .. Schedule("rehearse.schedule", policy.Rehearse?.Schedule ?? new ScheduleRules()),
        .. Rehearsal(policy.Rehearse?.Schedule ?? new ScheduleRules()),
        .. Zone(policy.TimeZone),
        .. Recovery(policy.Recovery ?? new RecoveryRules()),
        .. Hooks(policy.Hooks ?? new HookRules()),
        .. Alerts(policy.Alerts ?? new AlertRules()),
        .. When(
            policy.Events?.OnMemoryPressure == PressureChoice.Dump && !IsPressureTold, "events.onMemoryPressure",
            "this kernel tells nothing of memory pressure: it is built without CONFIG_PSI, or needs psi=1 on its command line"),
        .. Limits(policy.Limits ?? new LimitRules()),
        .. Paths("files.paths", policy.Files?.Paths),
    ];

    private static IEnumerable<(string Key, string Reason)> Schedule(string at, ScheduleRules rules)
    {
        string[] said =
        [
            .. new (string Key, bool IsSaid)[]
            {
                ($"{at}.every", rules.Every is not null),
                ($"{at}.cron", rules.Cron is not null),
                ($"{at}.calendar", rules.Calendar is not null),
                ($"{at}.auto", rules.Auto == true),
                ($"{at}.maxOverhead", rules.MaxOverhead is not null),
            }.Where(one => one.IsSaid).Select(one => one.Key),
        ];
        if (said.Length > 1 && said[0] != $"{at}.auto")
        {
            yield return (said[1], $"{said[0]} says already when dumps are due");
        }
        else if (WhyNoSchedule(rules) is { } why)
        {
            yield return (said[0], why);
        }

        if (rules.Shortest > rules.Longest)
        {
            yield return ($"{at}.shortest", $"it is longer than {at}.longest");
        }
    }

    private static IEnumerable<(string Key, string Reason)> Rehearsal(ScheduleRules rules) =>
    [
        .. When(rules.Auto is not null, "rehearse.schedule.auto", "it is for dumps; say every, cron or calendar"),
        .. When(rules.MaxOverhead is not null, "rehearse.schedule.maxOverhead", "it is for dumps; say every, cron or calendar"),
    ];

    private static string? WhyNoSchedule(ScheduleRules rules)
    {
        try
        {
            _ = rules.ToSchedule("", TimeZoneInfo.Utc);
            return null;
        }
        catch (FormatException malformed)
        {
            return malformed.Message;
        }
    }

    private static IEnumerable<(string Key, string Reason)> Zone(string? zone)
        => zone is null || TimeZoneInfo.TryFindSystemTimeZoneById(zone, out _) ? [] : [("timeZone", $"this host knows no time zone {zone} (is the package tzdata installed?)")];

    private static IEnumerable<(string Key, string Reason)> Recovery(RecoveryRules rules) =>
    [
        .. When(rules.OnBoot == RecoveryChoice.Never, "recovery.onBoot", "it is auto or manual"),
        .. When(rules.Attempts is < 1 or > AttemptsMax, "recovery.attempts", $"it is from 1 to {AttemptsMax}"),
    ];

    private static IEnumerable<(string Key, string Reason)> Hooks(HookRules rules)
        => [.. Command("hooks.before", rules.Before), .. Command("hooks.after", rules.After)];

    private static IEnumerable<(string Key, string Reason)> Alerts(AlertRules rules)
    {
        bool isAddress = Uri.TryCreate(rules.Webhook, UriKind.Absolute, out Uri? address) && (address.Scheme == Uri.UriSchemeHttp || address.Scheme == Uri.UriSchemeHttps);
        bool tellsNobody = rules.Command is null && rules.Webhook is null;
        return
        [
            .. Command("alerts.command", rules.Command),
            .. When(rules.Webhook is not null && !isAddress, "alerts.webhook", "it is no http or https address"),
            .. When(tellsNobody && rules.NoGoodGenerationFor is not null, "alerts.noGoodGenerationFor", "neither alerts.command nor alerts.webhook says who is told"),
        ];
    }

    private static IEnumerable<(string Key, string Reason)> Limits(LimitRules rules) =>
    [
        .. When(rules.Nice is < 0 or > LimitRules.NiceMax, "limits.nice", $"it is from 0 to {LimitRules.NiceMax}"),
        .. When(rules.Cores is < 1 or > LimitRules.CoresMax, "limits.cores", $"it is from 1 to {LimitRules.CoresMax}"),
        .. When(rules.Rate < LimitRules.RateMin, "limits.rate", "it is 64K at least"),
    ];

    private static IEnumerable<(string Key, string Reason)> Command(string key, IReadOnlyList<string>? words)
        => When(words is not null && (words.Count == 0 || !words[0].StartsWith('/')), key, "it is no list of an absolute path and arguments");

    private static IEnumerable<(string Key, string Reason)> Paths(string key, IReadOnlyList<string>? paths)
        => [.. (paths ?? []).Where(path => !path.StartsWith('/')).Select(path => (key, $"'{path}' is no absolute path"))];

    private static IEnumerable<(string Key, string Reason)> When(bool isBad, string key, string reason) => isBad ? [(key, reason)] : [];
}
