using System.Globalization;

namespace Checkpointer.Scheduler.Policies;

/// <summary>A span of time as calendars count it: a year back from February 29 is February 28, a day back is the same time of day. Written as whole
/// numbers with units, largest first: <c>1y6mo</c>, <c>2w</c>, <c>7d12h</c>, <c>90m</c>.</summary>
/// <param name="Years">Years.</param>
/// <param name="Months">Months.</param>
/// <param name="Days">Days, seven for each week.</param>
/// <param name="Time">Hours, minutes and seconds.</param>
internal readonly record struct CalendarSpan(int Years, int Months, int Days, TimeSpan Time)
{
    /// <summary>The rule as a sentence for people.</summary>
    public const string Rule = "whole numbers with y, mo, w, d, h, m (minutes) or s, the largest first, such as 1y6mo, 2w or 7d12h, up to 1000 years";

    private const int YearsMax = 1000;

    /// <summary>Units from the largest on, with the most of each that <see cref="Rule"/> allows; <c>mo</c> comes before the <c>m</c> that begins it.</summary>
    private static readonly (string Name, long Max, Func<CalendarSpan, int, CalendarSpan> Add)[] _units =
    [
        ("y", YearsMax, (span, count) => span with { Years = count }),
        ("mo", YearsMax * 12L, (span, count) => span with { Months = count }),
        ("w", YearsMax * 53L, (span, count) => span with { Days = count * 7 }),
        ("d", YearsMax * 366L, (span, count) => span with { Days = span.Days + count }),
        ("h", YearsMax * 8784L, (span, count) => span with { Time = TimeSpan.FromHours(count) }),
        ("m", YearsMax * 527_040L, (span, count) => span with { Time = span.Time + TimeSpan.FromMinutes(count) }),
        ("s", int.MaxValue, (span, count) => span with { Time = span.Time + TimeSpan.FromSeconds(count) }),
    ];

    /// <summary>Reads a span. False for what is not one, and for nothing at all.</summary>
    public static bool TryParse(string text, out CalendarSpan span)
    {
        span = default;
        ReadOnlySpan<char> rest = text;
        foreach ((string name, long max, Func<CalendarSpan, int, CalendarSpan> add) in _units)
        {
            int digits = rest.IndexOfAnyExceptInRange('0', '9');
            if (digits > 0 && IsUnit(rest[digits..], name))
            {
                if (!int.TryParse(rest[..digits], NumberStyles.None, CultureInfo.InvariantCulture, out int count) || count > max)
                {
                    return false;
                }

                span = add(span, count);
                rest = rest[(digits + name.Length)..];
            }
        }

        return rest.IsEmpty && span != default;
    }

    /// <summary>The point this long before another, by the calendar and clock of a time zone.</summary>
    public DateTimeOffset Before(DateTimeOffset time, TimeZoneInfo zone)
    {
        DateTime local = TimeZoneInfo.ConvertTime(time, zone).DateTime;
        if (local.Year <= Years + (Months / 12) + (Days / 365) + 2)
        {
            return DateTimeOffset.MinValue;
        }

        DateTime back = local.AddYears(-Years).AddMonths(-Months).AddDays(-Days);

        // Where clocks were put forward that time of day does not exist; the offset of before is as good as any.
        TimeSpan offset = zone.GetUtcOffset(DateTime.SpecifyKind(back, DateTimeKind.Unspecified));
        DateTimeOffset point = new(DateTime.SpecifyKind(back, DateTimeKind.Unspecified), offset);
        return point - DateTimeOffset.MinValue > Time ? point - Time : DateTimeOffset.MinValue;
    }

    /// <inheritdoc/>
    public override string ToString()
    {
        CalendarSpan span = this;
        (long Count, string Unit)[] parts =
            [(span.Years, "y"), (span.Months, "mo"), (span.Days, "d"), ((long)span.Time.TotalHours, "h"), (span.Time.Minutes, "m"), (span.Time.Seconds, "s")];
        return string.Concat(parts.Where(part => part.Count > 0).Select(part => string.Create(CultureInfo.InvariantCulture, $"{part.Count}{part.Unit}")));
    }

    private static bool IsUnit(ReadOnlySpan<char> text, string name)
        => text.StartsWith(name, StringComparison.Ordinal) && (text.Length == name.Length || char.IsAsciiDigit(text[name.Length]));
}
