namespace Checkpointer.Scheduler.Schedules;

/// <summary>A cron expression of six or seven fields as Quartz has them: seconds first, days with <c>L</c>, <c>W</c> and <c>#</c>, years last.</summary>
internal sealed class QuartzExpression : IWallClockPattern
{
    private readonly Quartz.CronExpression _inner;

    private QuartzExpression(Quartz.CronExpression inner) => _inner = inner;

    /// <summary>Reads one.</summary>
    /// <exception cref="FormatException">It is none; the message says why.</exception>
    public static QuartzExpression Read(string text)
    {
        try
        {
            // As in UTC it knows nothing of zones, and what it names is what a wall clock shows.
            return new QuartzExpression(new Quartz.CronExpression(text, TimeZoneInfo.Utc));
        }
        catch (FormatException malformed)
        {
            throw new FormatException($"Quartz says: {malformed.Message}", malformed);
        }
    }

    /// <inheritdoc/>
    public DateTime? AtOrAfter(DateTime wall)
    {
        // It answers with whole seconds strictly after the one that it is given.
        DateTime before = DateTime.SpecifyKind(wall.AddTicks(-1), DateTimeKind.Utc);
        return _inner.GetNextValidTimeAfter(before) is { } time ? DateTime.SpecifyKind(time.UtcDateTime, DateTimeKind.Unspecified) : null;
    }
}
