using System.Globalization;

namespace Checkpointer.Scheduler.Policies;

/// <summary>Durations as people write them: a whole number and a unit, such as <c>500ms</c>, <c>10s</c>, <c>15m</c>, <c>2h</c> or <c>1d</c>.</summary>
internal static class DurationText
{
    /// <summary>The rule as a sentence for people.</summary>
    public const string Rule = "a whole number and one of ms, s, m, h, d, from 1ms to 365d";

    /// <summary>Nobody plans further; far below where sums with a point in time would overflow.</summary>
    private static readonly TimeSpan _longest = TimeSpan.FromDays(365);

    /// <summary>Units with their lengths in milliseconds; <c>ms</c> comes before the <c>s</c> that it ends with.</summary>
    private static readonly (string Name, long Milliseconds)[] _units =
        [("ms", 1), ("s", 1000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000)];

    /// <summary>Reads a duration. False for what is not one, zero and what is out of range included.</summary>
    public static bool TryParse(string text, out TimeSpan duration)
    {
        duration = TimeSpan.Zero;
        (string unit, long milliseconds) = Array.Find(_units, unit => text.EndsWith(unit.Name, StringComparison.Ordinal));
        if (unit is null
            || !long.TryParse(text.AsSpan(0, text.Length - unit.Length), NumberStyles.None, CultureInfo.InvariantCulture, out long count)
            || count == 0
            || count > _longest.TotalMilliseconds / milliseconds)
        {
            return false;
        }

        duration = TimeSpan.FromMilliseconds(count * milliseconds);
        return true;
    }

    /// <summary>Writes a duration as <see cref="TryParse"/> reads it: in the largest unit of which it is a whole number.</summary>
    public static string Format(TimeSpan duration)
    {
        long whole = (long)duration.TotalMilliseconds;
        (string name, long milliseconds) = Array.FindLast(_units, unit => whole % unit.Milliseconds == 0);
        return string.Create(CultureInfo.InvariantCulture, $"{whole / milliseconds}{name}");
    }
}
