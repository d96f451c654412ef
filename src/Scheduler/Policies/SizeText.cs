using System.Globalization;

namespace Checkpointer.Scheduler.Policies;

/// <summary>Sizes as people write them: a whole number of bytes, or one with a unit, such as <c>64K</c>, <c>512M</c>, <c>16G</c> or <c>2TiB</c>.</summary>
internal static class SizeText
{
    /// <summary>The rule as a sentence for people.</summary>
    public const string Rule = "a whole number of bytes, or one with K, M, G or T (powers of 1024; KiB is the same as K)";

    private const int UnitShift = 10;
    private const string LongUnit = "iB";
    private const string Units = "KMGT";

    /// <summary>Reads a size.</summary>
    public static bool TryParse(string text, out long bytes)
    {
        if (text.EndsWith(LongUnit, StringComparison.Ordinal) && text.Length > LongUnit.Length && Units.Contains(text[^3], StringComparison.Ordinal))
        {
            text = text[..^LongUnit.Length];
        }

        int unit = text.Length > 0 ? Units.IndexOf(char.ToUpperInvariant(text[^1]), StringComparison.Ordinal) + 1 : 0;
        bool isNumber = long.TryParse(text.AsSpan(0, unit > 0 ? text.Length - 1 : text.Length), NumberStyles.None, CultureInfo.InvariantCulture, out bytes);
        if (!isNumber || bytes > long.MaxValue >> (unit * UnitShift))
        {
            bytes = 0;
            return false;
        }

        bytes <<= unit * UnitShift;
        return true;
    }
}
