using System.Globalization;
using System.Numerics;

namespace Checkpointer.Scheduler.Schedules;

/// <summary>
/// A cron expression of five fields as of crontab(5): minute, hour, day of month, month, day of week (0 and 7 are Sunday), with names, lists, ranges and steps. Where both
/// days are restricted, either is enough.
/// </summary>
/// <param name="Minutes">One bit for each minute, as in all of these.</param>
/// <param name="Hours">Hours.</param>
/// <param name="Days">Days of the month.</param>
/// <param name="Months">Months.</param>
/// <param name="Weekdays">Days of the week from Sunday on.</param>
/// <param name="IsEitherDay">Whether a day need be named by one of both fields only.</param>
internal sealed record CronExpression(ulong Minutes, ulong Hours, ulong Days, ulong Months, ulong Weekdays, bool IsEitherDay) : IWallClockPattern
{
    /// <summary>Days of the week and leap years come together again after 28 years, and after 40 where a century has no leap year in between.</summary>
    private const int YearsMax = 41;

    private static readonly string[] _weekdays = CultureInfo.InvariantCulture.DateTimeFormat.AbbreviatedDayNames;
    private static readonly string[] _months = CultureInfo.InvariantCulture.DateTimeFormat.AbbreviatedMonthNames[..12];

    private static readonly Dictionary<string, string> _shorthands = new(StringComparer.OrdinalIgnoreCase)
    {
        ["@hourly"] = "0 * * * *",
        ["@daily"] = "0 0 * * *",
        ["@midnight"] = "0 0 * * *",
        ["@weekly"] = "0 0 * * 0",
        ["@monthly"] = "0 0 1 * *",
        ["@yearly"] = "0 0 1 1 *",
        ["@annually"] = "0 0 1 1 *",
    };

    /// <summary>Reads one.</summary>
    /// <exception cref="FormatException">It is none; the message says why.</exception>
    public static CronExpression Read(string text)
    {
        string[] fields = _shorthands.GetValueOrDefault(text.Trim(), text).Split([' ', '\t'], StringSplitOptions.RemoveEmptyEntries);
        if (fields.Length != 5)
        {
            throw new FormatException("it has not five fields: minute, hour, day of month, month, day of week");
        }

        ulong weekdays = CronField.Read(fields[4], "day of week", 0, 7, _weekdays, firstName: 0);
        return new CronExpression(
            CronField.Read(fields[0], "minute", 0, 59),
            CronField.Read(fields[1], "hour", 0, 23),
            CronField.Read(fields[2], "day of month", 1, 31),
            CronField.Read(fields[3], "month", 1, 12, _months, firstName: 1),
            (weekdays | weekdays >> 7) & 0b1111111,
            IsEitherDay: !fields[2].StartsWith('*') && !fields[4].StartsWith('*'));
    }

    /// <inheritdoc/>
    public DateTime? AtOrAfter(DateTime wall)
    {
        DateTime at = wall.Ticks % TimeSpan.TicksPerMinute == 0 ? wall : wall.AddTicks(TimeSpan.TicksPerMinute - (wall.Ticks % TimeSpan.TicksPerMinute));
        DateTime day = at.Date;
        TimeSpan from = at.TimeOfDay;
        for (int end = at.Year + YearsMax; day.Year <= end; from = TimeSpan.Zero)
        {
            if (!Has(Months, day.Month))
            {
                day = new DateTime(day.Year, day.Month, 1).AddMonths(1);
            }
            else if (IsDay(day) && TimeFrom(from) is { } time)
            {
                return day + time;
            }
            else
            {
                day = day.AddDays(1);
            }
        }

        return null;
    }

    private bool IsDay(DateTime day)
    {
        bool isInMonth = Has(Days, day.Day);
        bool isInWeek = Has(Weekdays, (int)day.DayOfWeek);
        return IsEitherDay ? isInMonth || isInWeek : isInMonth && isInWeek;
    }

    private TimeSpan? TimeFrom(TimeSpan from)
    {
        if (Has(Hours, from.Hours) && FirstFrom(Minutes, from.Minutes) is { } minute)
        {
            return new TimeSpan(from.Hours, minute, 0);
        }

        return FirstFrom(Hours, from.Hours + 1) is { } hour ? new TimeSpan(hour, FirstFrom(Minutes, 0)!.Value, 0) : null;
    }

    private static bool Has(ulong bits, int value) => (bits >> value & 1) != 0;

    private static int? FirstFrom(ulong bits, int value) => bits >> value is var rest && rest != 0 ? value + BitOperations.TrailingZeroCount(rest) : null;
}
