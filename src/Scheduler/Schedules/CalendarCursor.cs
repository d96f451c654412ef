namespace Checkpointer.Scheduler.Schedules;

/// <summary>Where the search for the next time stands. Each field may stand one behind its last value: then nothing of it is left.</summary>
internal readonly record struct CalendarCursor(long Year, long Month, long Day, TimeSpan Time)
{
    /// <summary>At a time.</summary>
    public static CalendarCursor From(DateTime wall) => new(wall.Year, wall.Month, wall.Day, wall.TimeOfDay);

    /// <summary>In a year: at its begin, where it is another one.</summary>
    public CalendarCursor InYear(long year) => year == Year ? this : new CalendarCursor(year, 1, 1, TimeSpan.Zero);

    /// <summary>In a month: at its begin, where it is another one.</summary>
    public CalendarCursor InMonth(long month) => month == Month ? this : new CalendarCursor(Year, month, 1, TimeSpan.Zero);

    /// <summary>On a day: at its begin, where it is another one.</summary>
    public CalendarCursor OnDay(long day) => day == Day ? this : new CalendarCursor(Year, Month, day, TimeSpan.Zero);
}
