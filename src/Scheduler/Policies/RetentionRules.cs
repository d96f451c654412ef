using System.Text.Json.Serialization;

namespace Checkpointer.Scheduler.Policies;

/// <summary>Which generations stay, as they are written; <see cref="ToPolicy"/> makes of them what <see cref="Retention"/> goes by. Null for not said.</summary>
internal sealed record RetentionRules
{
    /// <summary>The newest.</summary>
    [JsonConverter(typeof(KeepCountConverter))]
    public int? KeepLast { get; init; }

    /// <summary>One of each minute.</summary>
    [JsonConverter(typeof(KeepCountConverter))]
    public int? KeepMinutely { get; init; }

    /// <summary>One of each hour.</summary>
    [JsonConverter(typeof(KeepCountConverter))]
    public int? KeepHourly { get; init; }

    /// <summary>One of each day.</summary>
    [JsonConverter(typeof(KeepCountConverter))]
    public int? KeepDaily { get; init; }

    /// <summary>One of each week.</summary>
    [JsonConverter(typeof(KeepCountConverter))]
    public int? KeepWeekly { get; init; }

    /// <summary>One of each month.</summary>
    [JsonConverter(typeof(KeepCountConverter))]
    public int? KeepMonthly { get; init; }

    /// <summary>One of each year.</summary>
    [JsonConverter(typeof(KeepCountConverter))]
    public int? KeepYearly { get; init; }

    /// <summary>All within a span before the newest.</summary>
    [JsonConverter(typeof(CalendarSpanConverter))]
    public CalendarSpan? KeepWithin { get; init; }

    /// <summary>One of each minute within a span.</summary>
    [JsonConverter(typeof(CalendarSpanConverter))]
    public CalendarSpan? KeepWithinMinutely { get; init; }

    /// <summary>One of each hour within a span.</summary>
    [JsonConverter(typeof(CalendarSpanConverter))]
    public CalendarSpan? KeepWithinHourly { get; init; }

    /// <summary>One of each day within a span.</summary>
    [JsonConverter(typeof(CalendarSpanConverter))]
    public CalendarSpan? KeepWithinDaily { get; init; }

    /// <summary>One of each week within a span.</summary>
    [JsonConverter(typeof(CalendarSpanConverter))]
    public CalendarSpan? KeepWithinWeekly { get; init; }

    /// <summary>One of each month within a span.</summary>
    [JsonConverter(typeof(CalendarSpanConverter))]
    public CalendarSpan? KeepWithinMonthly { get; init; }

    /// <summary>One of each year within a span.</summary>
    [JsonConverter(typeof(CalendarSpanConverter))]
    public CalendarSpan? KeepWithinYearly { get; init; }

    /// <summary>Most bytes that the generations which stay may have added to the store together.</summary>
    [JsonConverter(typeof(SizeConverter))]
    public long? MaxBytes { get; init; }

    /// <summary>As <see cref="Retention"/> goes by it.</summary>
    public RetentionPolicy ToPolicy()
    {
        (RetentionPeriod Period, int? Count, CalendarSpan? Within)[] said =
        [
            (RetentionPeriod.Last, KeepLast, KeepWithin),
            (RetentionPeriod.Minutely, KeepMinutely, KeepWithinMinutely),
            (RetentionPeriod.Hourly, KeepHourly, KeepWithinHourly),
            (RetentionPeriod.Daily, KeepDaily, KeepWithinDaily),
            (RetentionPeriod.Weekly, KeepWeekly, KeepWithinWeekly),
            (RetentionPeriod.Monthly, KeepMonthly, KeepWithinMonthly),
            (RetentionPeriod.Yearly, KeepYearly, KeepWithinYearly),
        ];
        IEnumerable<RetentionRule> counts = said.Where(rule => rule.Count is not null)
            .Select(rule => new RetentionRule(rule.Period, rule.Count == int.MaxValue ? null : rule.Count));
        IEnumerable<RetentionRule> spans = said.Where(rule => rule.Within is not null).Select(rule => new RetentionRule(rule.Period, null, rule.Within));
        return new RetentionPolicy([.. counts, .. spans], MaxBytes);
    }

    /// <summary>These, and what they do not say from others.</summary>
    public RetentionRules Over(RetentionRules? below) => below is null ? this : new RetentionRules
    {
        KeepLast = KeepLast ?? below.KeepLast,
        KeepMinutely = KeepMinutely ?? below.KeepMinutely,
        KeepHourly = KeepHourly ?? below.KeepHourly,
        KeepDaily = KeepDaily ?? below.KeepDaily,
        KeepWeekly = KeepWeekly ?? below.KeepWeekly,
        KeepMonthly = KeepMonthly ?? below.KeepMonthly,
        KeepYearly = KeepYearly ?? below.KeepYearly,
        KeepWithin = KeepWithin ?? below.KeepWithin,
        KeepWithinMinutely = KeepWithinMinutely ?? below.KeepWithinMinutely,
        KeepWithinHourly = KeepWithinHourly ?? below.KeepWithinHourly,
        KeepWithinDaily = KeepWithinDaily ?? below.KeepWithinDaily,
        KeepWithinWeekly = KeepWithinWeekly ?? below.KeepWithinWeekly,
        KeepWithinMonthly = KeepWithinMonthly ?? below.KeepWithinMonthly,
        KeepWithinYearly = KeepWithinYearly ?? below.KeepWithinYearly,
        MaxBytes = MaxBytes ?? below.MaxBytes,
    };
}
