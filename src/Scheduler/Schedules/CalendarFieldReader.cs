using System.Globalization;

namespace Checkpointer.Scheduler.Schedules;

/// <summary>Reads one field of a calendar expression: <c>*</c>, or a list of values, ranges and steps.</summary>
internal static class CalendarFieldReader
{
    private const int FractionDigits = 6;

    /// <summary>Every month has a day that is so many from its end.</summary>
    private const int DaysFromEndMax = 28;

    /// <summary>Years of two digits from this on are of the last century.</summary>
    private const int TwoDigitYearMin = 70;

    /// <summary>Reads one.</summary>
    /// <exception cref="FormatException">It is none; the message says why.</exception>
    public static CalendarField Read(string text, CalendarFieldKind kind, bool isFromEnd)
        => text == "*" ? new CalendarField([], kind) : new CalendarField(
        [
            .. text.Split(',').Select(part => ReadComponent(part, kind, isFromEnd)).Distinct()
                .OrderBy(component => component.Start).ThenBy(component => component.Stop).ThenBy(component => component.Step),
        ],
        kind);

    private static CalendarComponent ReadComponent(string text, CalendarFieldKind kind, bool isFromEnd)
    {
        string[] halves = text.Split('/');
        int dots = halves[0].IndexOf("..", StringComparison.Ordinal);
        long start = ReadYearOr(dots < 0 ? halves[0] : halves[0][..dots], kind);
        long? stop = dots < 0 ? null : ReadYearOr(halves[0][(dots + 2)..], kind);
        long? step = halves.Length > 1 ? ReadNumber(halves[1], kind) : stop is null ? null : kind.Unit;
        CalendarFieldKind range = isFromEnd ? kind with { Max = DaysFromEndMax } : kind;
        if (halves.Length > 2 || start < range.Min || start > range.Max || stop < start || stop > range.Max)
        {
            throw Bad(text, range);
        }

        if (step == 0 || kind.Min + step > kind.Max + 1)
        {
            throw new FormatException($"the step of '{text}' is out of range");
        }

        return Simplify(start, stop, step, isFromEnd);
    }

    // As systemd does: a range ends at the last value that its step reaches, and one of a single value is that value.
    private static CalendarComponent Simplify(long start, long? stop, long? step, bool isFromEnd)
    {
        long? last = stop is { } end && step is { } by && !isFromEnd ? end - ((end - start) % by) : stop;
        return last == start ? new CalendarComponent(start, null, null) : new CalendarComponent(start, last, step);
    }

    private static long ReadYearOr(string text, CalendarFieldKind kind)
    {
        long value = ReadNumber(text, kind);
        bool isShortYear = ReferenceEquals(kind, CalendarFieldKind.Year) && value < 100;
        return !isShortYear ? value : value >= TwoDigitYearMin ? 1900 + value : 2000 + value;
    }

    private static long ReadNumber(string text, CalendarFieldKind kind)
    {
        if (kind.Unit == 1)
        {
            return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int number) ? number : throw Bad(text, kind);
        }

        string[] parts = text.Split('.');
        return parts.Length <= 2
            && int.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out int whole)
            && (parts.Length == 1 || (parts[1].Length > 0 && parts[1].All(char.IsAsciiDigit)))
            ? (whole * kind.Unit) + (parts.Length == 1 ? 0 : Microseconds(parts[1]))
            : throw Bad(text, kind);
    }

    private static long Microseconds(string digits)
    {
        long whole = long.Parse(digits.PadRight(FractionDigits, '0')[..FractionDigits], CultureInfo.InvariantCulture);
        return digits.Length > FractionDigits && digits[FractionDigits] >= '5' ? whole + 1 : whole;
    }

    private static FormatException Bad(string text, CalendarFieldKind kind)
        => new(string.Create(CultureInfo.InvariantCulture, $"'{text}' is not from {kind.Min / kind.Unit} to {kind.Max / kind.Unit}, a range a..b, a step a/n, or *"));
}
