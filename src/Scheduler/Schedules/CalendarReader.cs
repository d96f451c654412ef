using System.Globalization;

namespace Checkpointer.Scheduler.Schedules;

/// <summary>Reads calendar expressions of systemd.time(7).</summary>
internal static class CalendarReader
{
    private static readonly CalendarFieldKind[] _date = [CalendarFieldKind.Year, CalendarFieldKind.Month, CalendarFieldKind.Day];
    private static readonly CalendarFieldKind[] _time = [CalendarFieldKind.Hour, CalendarFieldKind.Minute, CalendarFieldKind.Second];

    private static readonly Dictionary<string, string> _shorthands = new(StringComparer.OrdinalIgnoreCase)
    {
        ["minutely"] = "*-*-* *:*:00",
        ["hourly"] = "*-*-* *:00:00",
        ["daily"] = "*-*-* 00:00:00",
        ["weekly"] = "Mon *-*-* 00:00:00",
        ["monthly"] = "*-*-01 00:00:00",
        ["quarterly"] = "*-01,04,07,10-01 00:00:00",
        ["semiannually"] = "*-01,07-01 00:00:00",
        ["semi-annually"] = "*-01,07-01 00:00:00",
        ["yearly"] = "*-01-01 00:00:00",
        ["annually"] = "*-01-01 00:00:00",
    };

    /// <summary>Reads one.</summary>
    /// <exception cref="FormatException">It is none; the message says why, as the end of a sentence.</exception>
    public static CalendarExpression Read(string text)
    {
        List<string> words = [.. text.Split(' ', StringSplitOptions.RemoveEmptyEntries)];
        string? zone = TakeZone(words);
        if (words is [['@', .. var stamp]])
        {
            return ReadStamp(stamp, zone);
        }

        if (words.Count == 1 && _shorthands.TryGetValue(words[0], out string? meaning))
        {
            words = [.. meaning.Split(' ')];
        }

        int weekdays = words.Count > 0 && char.IsAsciiLetter(words[0][0]) ? ReadWeekdays(Take(words)) : 0;
        string? date = words.Count > 0 && !words[0].Contains(':', StringComparison.Ordinal) ? Take(words) : null;
        string? time = words.Count > 0 ? Take(words) : null;
        if (words.Count > 0 || (weekdays == 0 && date is null && time is null))
        {
            throw new FormatException(words.Count > 0 ? $"'{words[0]}' is one word too many" : "nothing is named");
        }

        bool isFromEnd = date?.Contains('~', StringComparison.Ordinal) ?? false;
        CalendarField[] days = ReadDate(date ?? "*-*-*", isFromEnd);
        CalendarField[] hours = ReadTime(time ?? "0:0:0");
        return new CalendarExpression(weekdays, days[0], days[1], days[2], isFromEnd, hours[0], hours[1], hours[2], zone);
    }

    private static string Take(List<string> words)
    {
        string first = words[0];
        words.RemoveAt(0);
        return first;
    }

    private static string? TakeZone(List<string> words)
    {
        // A zone is the last of several words, and begins with a letter as no date or time does.
        if (words.Count < 2 || !char.IsAsciiLetter(words[^1][0]))
        {
            return null;
        }

        string zone = words[^1];
        if (!TimeZoneInfo.TryFindSystemTimeZoneById(zone, out TimeZoneInfo? known))
        {
            throw new FormatException($"'{zone}' is no time zone that this host knows");
        }

        words.RemoveAt(words.Count - 1);
        return zone.Equals("utc", StringComparison.OrdinalIgnoreCase) ? "UTC" : known.Id;
    }

    // Seconds since 1970, which need a zone of their own.
    private static CalendarExpression ReadStamp(string text, string? zone)
    {
        if (zone is not null and not "UTC"
            || !long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long seconds)
            || seconds > DateTimeOffset.MaxValue.ToUnixTimeSeconds()
            || DateTimeOffset.FromUnixTimeSeconds(seconds).Year > CalendarFieldKind.Year.Max)
        {
            throw new FormatException($"'@{text}' is no number of seconds since 1970, up to the year 2199");
        }

        DateTime time = DateTimeOffset.FromUnixTimeSeconds(seconds).UtcDateTime;
        long[] values = [time.Year, time.Month, time.Day, time.Hour, time.Minute, time.Second * CalendarFieldKind.Second.Unit];
        CalendarField[] fields = [.. _date.Concat(_time).Select((kind, at) => new CalendarField([new CalendarComponent(values[at], null, null)], kind))];
        return new CalendarExpression(0, fields[0], fields[1], fields[2], false, fields[3], fields[4], fields[5], "UTC");
    }

    private static int ReadWeekdays(string text)
    {
        int bits = 0;
        foreach (string part in text.TrimEnd(',').Split(','))
        {
            string[] ends = part.Contains("..", StringComparison.Ordinal) ? part.Split("..") : part.Split('-');
            int first = Weekday(ends[0]);
            int last = Weekday(ends[^1]);
            if (ends.Length > 2 || last < first)
            {
                throw new FormatException($"'{part}' is no range of weekdays: weeks begin on Monday");
            }

            bits |= ((1 << (last - first + 1)) - 1) << first;
        }

        // All of them are the same as none.
        return bits == 0b1111111 ? 0 : bits;
    }

    private static int Weekday(string word)
    {
        DateTimeFormatInfo names = CultureInfo.InvariantCulture.DateTimeFormat;
        for (int day = 0; day < 7; day++)
        {
            if (word.Equals(names.DayNames[(day + 1) % 7], StringComparison.OrdinalIgnoreCase)
                || word.Equals(names.AbbreviatedDayNames[(day + 1) % 7], StringComparison.OrdinalIgnoreCase))
            {
                return day;
            }
        }

        throw new FormatException($"'{word}' is no weekday and no shorthand such as daily");
    }

    private static CalendarField[] ReadDate(string text, bool isFromEnd)
    {
        int end = text.LastIndexOf('~');
        if (end >= 0 && text.AsSpan(end + 1).ContainsAny('-', '~'))
        {
            throw new FormatException($"in '{text}' a '~' is not before the day");
        }

        string[] parts = text.Replace('~', '-').Split('-');
        if (parts.Length is < 2 or > 3 || text.IndexOf('~', StringComparison.Ordinal) != end)
        {
            throw new FormatException($"'{text}' is no date: YEAR-MONTH-DAY, MONTH-DAY, or YEAR-MONTH~DAY from the end of the month");
        }

        string[] full = parts.Length == 2 ? ["*", .. parts] : parts;
        return [.. full.Select((part, at) => CalendarFieldReader.Read(part, _date[at], isFromEnd && at == 2))];
    }

    private static CalendarField[] ReadTime(string text)
    {
        string[] parts = text.Split(':');
        if (parts.Length is < 2 or > 3)
        {
            throw new FormatException($"'{text}' is no time: HOUR:MINUTE or HOUR:MINUTE:SECOND");
        }

        string[] full = parts.Length == 2 ? [.. parts, "0"] : parts;
        return [.. full.Select((part, at) => CalendarFieldReader.Read(part, _time[at], isFromEnd: false))];
    }
}
