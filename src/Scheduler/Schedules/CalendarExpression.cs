using System.Globalization;

namespace Checkpointer.Scheduler.Schedules;

/// <summary>
/// A calendar expression of systemd.time(7), such as <c>Mon..Fri 8:00</c> or <c>*:0/15</c>. Its text is the normal form, as <c>systemd-analyze calendar</c> prints it.
/// </summary>
/// <param name="Weekdays">One bit for each day that it names, Monday is the lowest; none for all.</param>
/// <param name="Year">Years.</param>
/// <param name="Month">Months.</param>
/// <param name="Day">Days.</param>
/// <param name="IsFromEnd">Days count from the end of the month: the last is 1.</param>
/// <param name="Hour">Hours.</param>
/// <param name="Minute">Minutes.</param>
/// <param name="Second">Seconds.</param>
/// <param name="Zone">Its own time zone; null for that of whoever asks.</param>
internal sealed record CalendarExpression(
    int Weekdays, CalendarField Year, CalendarField Month, CalendarField Day, bool IsFromEnd, CalendarField Hour, CalendarField Minute, CalendarField Second, string? Zone)
    : IWallClockPattern
{
    private const int DaysPerWeek = 7;
    private const int AllWeekdays = (1 << DaysPerWeek) - 1;

    /// <inheritdoc/>
    public DateTime? AtOrAfter(DateTime wall)
    {
        CalendarCursor? cursor = CalendarCursor.From(wall);
        while (cursor is { } at && Year.AtOrAfter(at.Year, CalendarFieldKind.Year.Max) is { } year)
        {
            at = at.InYear(year);
            if (Month.AtOrAfter(at.Month, CalendarFieldKind.Month.Max) is not { } month)
            {
                cursor = at.InYear(year + 1);
                continue;
            }

            at = at.InMonth(month);
            if (DayFrom(at) is not { } day)
            {
                cursor = at.InMonth(month + 1);
                continue;
            }

            at = at.OnDay(day);
            if (TimeFrom(at.Time) is { } time)
            {
                return new DateTime((int)year, (int)month, (int)day, 0, 0, 0, DateTimeKind.Unspecified) + time;
            }

            cursor = at.OnDay(day + 1);
        }

        return null;
    }

    /// <inheritdoc/>
    public override string ToString()
    {
        string days = Weekdays == 0 ? "" : FormatWeekdays() + " ";
        string zone = Zone is null ? "" : " " + Zone;
        return $"{days}{Year}-{Month}{(IsFromEnd ? '~' : '-')}{Day} {Hour}:{Minute}:{Second}{zone}";
    }

    private long? DayFrom(CalendarCursor at)
    {
        int days = DateTime.DaysInMonth((int)at.Year, (int)at.Month);
        CalendarField field = IsFromEnd ? FromEnd(days) : Day;
        for (long day = at.Day; field.AtOrAfter(day, days) is { } found; day = found + 1)
        {
            // DayOfWeek begins on Sunday, the bits on Monday.
            int weekday = ((int)new DateTime((int)at.Year, (int)at.Month, (int)found).DayOfWeek + DaysPerWeek - 1) % DaysPerWeek;
            if (Weekdays == 0 || (Weekdays >> weekday & 1) != 0)
            {
                return found;
            }
        }

        return null;
    }

    // Days from the end as days of a month of this length; a range is turned around, a step goes towards the end.
    private CalendarField FromEnd(int days) => Day with
    {
        Components =
        [
            .. Day.Components.Select(component => new CalendarComponent(
                days + 1 - (component.Stop ?? component.Start), component.Stop is null ? null : days + 1 - component.Start, component.Step)),
        ],
    };

    private TimeSpan? TimeFrom(TimeSpan time)
    {
        long microseconds = (time.Ticks + TimeSpan.TicksPerMicrosecond - 1) / TimeSpan.TicksPerMicrosecond;
        (long minutes, long second) = Math.DivRem(microseconds, CalendarFieldKind.Second.Max + 1);
        while (MinuteFrom(minutes) is { } minute)
        {
            if (Second.AtOrAfter(minute > minutes ? 0 : second, CalendarFieldKind.Second.Max) is { } found)
            {
                return TimeSpan.FromMinutes(minute) + TimeSpan.FromMicroseconds(found);
            }

            (minutes, second) = (minute + 1, 0);
        }

        return null;
    }

    private long? MinuteFrom(long minutes)
    {
        const int PerHour = 60;
        for ((long hour, long minute) = Math.DivRem(minutes, PerHour); Hour.AtOrAfter(hour, CalendarFieldKind.Hour.Max) is { } found; (hour, minute) = (found + 1, 0))
        {
            if (Minute.AtOrAfter(found > hour ? 0 : minute, CalendarFieldKind.Minute.Max) is { } inHour)
            {
                return (found * PerHour) + inHour;
            }
        }

        return null;
    }

    // Two neighbours are written as two, more of them as a range.
    private string FormatWeekdays()
    {
        if (Weekdays == AllWeekdays)
        {
            return "";
        }

        var parts = new List<string>();
        for (int day = 0; day < DaysPerWeek; day++)
        {
            int last = day;
            while ((Weekdays >> last & 1) != 0)
            {
                last++;
            }

            if (last > day)
            {
                parts.Add(last - day == 1 ? Name(day) : $"{Name(day)}{(last - day == 2 ? "," : "..")}{Name(last - 1)}");
                day = last;
            }
        }

        return string.Join(',', parts);
    }

    private static string Name(int day) => CultureInfo.InvariantCulture.DateTimeFormat.AbbreviatedDayNames[(day + 1) % DaysPerWeek];
}
