using Checkpointer.Scheduler.Schedules;

namespace Checkpointer.Scheduler.Policies;

/// <summary>Schedules of options, in one text, as <c>status</c> shows those of jobs: <c>every 6h</c>, <c>cron 0 3 * * *</c>, <c>calendar Sun 4:00</c>, or <c>never</c>.</summary>
internal static class ScheduleText
{
    /// <summary>The rule as a sentence for people.</summary>
    public const string Rule = "'every DURATION', 'cron EXPRESSION', 'calendar EXPRESSION' or 'never'";

    private const string Never = "never";

    /// <summary>Reads a schedule.</summary>
    /// <param name="text">The text.</param>
    /// <param name="place">By which it has its place among others with the same one.</param>
    /// <param name="zone">Whose calendar and clock.</param>
    /// <returns>Null for never.</returns>
    /// <exception cref="FormatException">It is none; the message says why.</exception>
    public static ISchedule? Read(string text, string place, TimeZoneInfo zone) => text == Never ? null : Rules(text).ToSchedule(place, zone);

    private static ScheduleRules Rules(string text)
    {
        string[] parts = text.Split(' ', 2);
        return (parts[0], parts.Length == 2) switch
        {
            ("every", true) when DurationText.TryParse(parts[1], out TimeSpan interval) => new ScheduleRules { Every = interval },
            ("every", true) => throw new FormatException($"'{parts[1]}' is no duration: {DurationText.Rule}"),
            ("cron", true) => new ScheduleRules { Cron = parts[1] },
            ("calendar", true) => new ScheduleRules { Calendar = parts[1] },
            _ => throw new FormatException($"'{text}' is no schedule: {Rule}"),
        };
    }
}
