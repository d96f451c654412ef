using System.Globalization;

namespace Checkpointer.Scheduler.Cli.Rendering;

/// <summary>Sizes, durations and times as people read them: about three digits and a unit.</summary>
internal static class Quantity
{
    private const int UnitStep = 1024;
    private static readonly string[] _units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];

    /// <summary>A size, such as <c>4 KiB</c> or <c>1.25 GiB</c>.</summary>
    public static string Bytes(long bytes)
    {
        double value = bytes;
        int unit = 0;
        while (ThreeDigits(value) is "1024" || Math.Abs(value) >= UnitStep)
        {
            value /= UnitStep;
            unit++;
        }

        return $"{ThreeDigits(value)} {_units[unit]}";
    }

    /// <summary>A duration, such as <c>85 us</c>, <c>12.5 ms</c>, <c>1.3 s</c>, <c>2 min 5 s</c> or <c>3 h 7 min</c>.</summary>
    public static string Duration(TimeSpan duration)
    {
        if (duration < TimeSpan.FromMilliseconds(1))
        {
            return $"{ThreeDigits(Math.Round(duration.TotalMicroseconds))} us";
        }

        if (duration < TimeSpan.FromMilliseconds(999.5))
        {
            return $"{ThreeDigits(duration.TotalMilliseconds)} ms";
        }

        if (duration < TimeSpan.FromSeconds(59.95))
        {
            return $"{ThreeDigits(duration.TotalSeconds)} s";
        }

        var whole = TimeSpan.FromSeconds(Math.Round(duration.TotalSeconds));
        return whole < TimeSpan.FromHours(1)
            ? Invariant($"{whole.Minutes} min {whole.Seconds} s")
            : Invariant($"{(long)whole.TotalHours} h {whole.Minutes} min");
    }

    /// <summary>A point in time, in the host's time zone.</summary>
    public static string Time(DateTimeOffset time, TimeProvider provider)
        => TimeZoneInfo.ConvertTime(time, provider.LocalTimeZone).ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture);

    /// <summary>How many times larger, such as <c>2.71x</c>; <c>-</c> where there is nothing to divide by.</summary>
    public static string Ratio(long larger, long smaller)
        => smaller > 0 ? $"{((double)larger / smaller).ToString("0.00", CultureInfo.InvariantCulture)}x" : "-";

    /// <summary>A count, without grouping.</summary>
    public static string Count(long count) => count.ToString(CultureInfo.InvariantCulture);

    private static string ThreeDigits(double value)
    {
        string format = Math.Abs(value) switch
        {
            >= 99.95 => "0",
            >= 9.995 => "0.#",
            _ => "0.##",
        };
        return value.ToString(format, CultureInfo.InvariantCulture);
    }

    private static string Invariant(FormattableString text) => FormattableString.Invariant(text);
}
