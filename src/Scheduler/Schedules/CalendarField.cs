using System.Globalization;

namespace Checkpointer.Scheduler.Schedules;

/// <summary>One field of a calendar expression: a list of components, or <c>*</c>.</summary>
/// <param name="Components">Ordered, without repetitions; none for <c>*</c>.</param>
/// <param name="Kind">Which values it has.</param>
internal sealed record CalendarField(IReadOnlyList<CalendarComponent> Components, CalendarFieldKind Kind)
{
    /// <summary>The first value from one on; null for none.</summary>
    public long? AtOrAfter(long value, long max)
        => Components.Count == 0
            ? Kind.Unit == 1 || value % Kind.Unit == 0 ? (value <= max ? value : null) : new CalendarComponent(0, null, Kind.Unit).AtOrAfter(value, max)
            : Components.Min(component => component.AtOrAfter(value, max));

    /// <inheritdoc/>
    public override string ToString() => Components.Count == 0 ? "*" : string.Join(',', Components.Select(Format));

    private string Format(CalendarComponent component)
    {
        string stop = component.Stop is { } last ? $"..{Number(last)}" : "";
        string step = component.Step is not { } by || (component.Stop is not null && by == Kind.Unit) ? "" : $"/{Step(by)}";
        return $"{Number(component.Start)}{stop}{step}";
    }

    private string Number(long value) => (value / Kind.Unit).ToString($"D{Kind.Digits}", CultureInfo.InvariantCulture) + Fraction(value);

    private string Step(long value) => (value / Kind.Unit).ToString(CultureInfo.InvariantCulture) + Fraction(value);

    private string Fraction(long value) => value % Kind.Unit == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $".{value % Kind.Unit:D6}");
}

/// <summary>Which values a field has.</summary>
/// <param name="Min">The first.</param>
/// <param name="Max">The last.</param>
/// <param name="Digits">How many digits numbers of its normal form have at least.</param>
/// <param name="Unit">What one means: 1, and for seconds, which have fractions, a million.</param>
internal sealed record CalendarFieldKind(long Min, long Max, int Digits, long Unit = 1)
{
    /// <summary>As systemd has them: what lies outside is no time that a timer would see.</summary>
    public static readonly CalendarFieldKind Year = new(1970, 2199, 4);

    /// <summary>Months.</summary>
    public static readonly CalendarFieldKind Month = new(1, 12, 2);

    /// <summary>Days of a month, or from its end.</summary>
    public static readonly CalendarFieldKind Day = new(1, 31, 2);

    /// <summary>Hours.</summary>
    public static readonly CalendarFieldKind Hour = new(0, 23, 2);

    /// <summary>Minutes.</summary>
    public static readonly CalendarFieldKind Minute = new(0, 59, 2);

    /// <summary>Seconds, in microseconds.</summary>
    public static readonly CalendarFieldKind Second = new(0, 59_999_999, 2, 1_000_000);
}
