namespace Checkpointer.Scheduler.Schedules;

/// <summary>Makes timetables of what people write.</summary>
internal static class WallClockPatterns
{
    private const int CronFields = 5;

    /// <summary>A cron expression: of five fields as of crontab(5), of six or seven as of Quartz.</summary>
    /// <exception cref="FormatException">It is none; the message says why.</exception>
    public static Timetable Cron(string text, TimeZoneInfo zone)
    {
        int fields = text.Split([' ', '\t'], StringSplitOptions.RemoveEmptyEntries).Length;
        return new Timetable(fields <= CronFields ? CronExpression.Read(text) : QuartzExpression.Read(text), zone);
    }

    /// <summary>A calendar expression as of systemd.time(7). A time zone of its own wins.</summary>
    /// <exception cref="FormatException">It is none; the message says why.</exception>
    public static Timetable Calendar(string text, TimeZoneInfo zone)
    {
        CalendarExpression expression = CalendarReader.Read(text);
        return new Timetable(expression, expression.Zone is { } own ? TimeZoneInfo.FindSystemTimeZoneById(own) : zone);
    }
}
