using System.Globalization;

namespace Checkpointer.Scheduler.Policies;

/// <summary>Sizes as people write them: a whole number of bytes, or with one of KiB, MiB, GiB, TiB.</summary>
internal static class SizeText
{
    /// <summary>The rule as a sentence for people.</summary>
    public const string Rule = "a whole number of bytes, or one with KiB, MiB, GiB or TiB, from 1";

    private static readonly string[] _units = ["KiB", "MiB", "GiB", "TiB"];

    /// <summary>Reads a size. False for what is not one, zero and what is out of range included.</summary>
    public static bool TryParse(string text, out long bytes)
    {
        int unit = Array.FindIndex(_units, unit => text.EndsWith(unit, StringComparison.Ordinal));
        ReadOnlySpan<char> digits = unit < 0 ? text : text.AsSpan(0, text.Length - _units[unit].Length);
        long factor = 1L << (10 * (unit + 1));
        if (!long.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out bytes) || bytes == 0 || bytes > long.MaxValue / factor)
        {
            bytes = 0;
            return false;
        }

        bytes *= factor;
        return true;
    }
}
