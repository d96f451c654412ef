namespace Checkpointer.Scheduler.Policies;

/// <summary>Stretches of the calendar of which a rule keeps one generation each.</summary>
internal enum RetentionPeriod
{
    /// <summary>Each generation is a stretch of its own.</summary>
    Last,

    /// <summary>Minutes.</summary>
    Minutely,

    /// <summary>Hours.</summary>
    Hourly,

    /// <summary>Days.</summary>
    Daily,

    /// <summary>Weeks of ISO 8601: they begin on Monday.</summary>
    Weekly,

    /// <summary>Months.</summary>
    Monthly,

    /// <summary>Years.</summary>
    Yearly,
}

/// <summary>Keeps the newest generation of each of the newest stretches that have one: so many of them, and with a span only those newer than that before
/// the newest generation.</summary>
/// <param name="Period">The stretches.</param>
/// <param name="Count">How many, or null for all.</param>
/// <param name="Within">How far back from the newest generation, or null for any distance.</param>
internal sealed record RetentionRule(RetentionPeriod Period, int? Count, CalendarSpan? Within = null)
{
    /// <summary>The rule as the reason why a generation stays.</summary>
    public string Reason
    {
        get
        {
            string period = Period == RetentionPeriod.Last ? "last" : Period.ToString().ToLowerInvariant();
            return Within is not { } span ? period : Period == RetentionPeriod.Last ? $"within {span}" : $"{period} within {span}";
        }
    }
}

/// <summary>Which generations of a job stay. Without rules and budget all of them do.</summary>
/// <param name="Rules">A generation stays if any of them keeps it.</param>
/// <param name="BytesMax">Most bytes that the generations which stay may have added to the store together, or null. The oldest go first, whatever rule keeps them.</param>
internal sealed record RetentionPolicy(IReadOnlyList<RetentionRule> Rules, long? BytesMax = null)
{
    /// <summary>Removes nothing.</summary>
    public static RetentionPolicy Nothing { get; } = new([]);

    /// <summary>Whether it removes nothing.</summary>
    public bool IsEmpty => Rules.Count == 0 && BytesMax is null;
}
