namespace Checkpointer.Scheduler.Schedules;

/// <summary>Some values of one field of a calendar expression: <c>3</c>, <c>3..7</c>, <c>3/2</c> or <c>3..7/2</c>.</summary>
/// <param name="Start">The first.</param>
/// <param name="Stop">The last that may be; null for none but the first, or for the field's last where there is a step.</param>
/// <param name="Step">From one to the next; null for none but the first.</param>
internal readonly record struct CalendarComponent(long Start, long? Stop, long? Step)
{
    /// <summary>The first value from one on; null for none.</summary>
    /// <param name="value">From this on.</param>
    /// <param name="max">The field's last value.</param>
    public long? AtOrAfter(long value, long max)
    {
        long found = value <= Start ? Start
            : Step is { } step ? Start + ((value - Start + step - 1) / step * step)
            : long.MaxValue;
        return found <= Math.Min(max, Stop ?? max) ? found : null;
    }
}
