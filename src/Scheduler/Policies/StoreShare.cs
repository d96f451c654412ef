using System.Globalization;

namespace Checkpointer.Scheduler.Policies;

/// <summary>Shares of a store as people write them: <c>5%</c>, <c>1/7</c>.</summary>
internal static class StoreShare
{
    /// <summary>The rule as a sentence for people.</summary>
    public const string Rule = "a percentage such as 5%, or a fraction such as 1/7, above 0 and up to all";

    /// <summary>Reads a share. False for what is none.</summary>
    public static bool TryParse(string text, out double share)
    {
        share = Fraction(text) ?? 0;
        return share is > 0 and <= 1;
    }

    private static double? Fraction(string text)
    {
        if (text.EndsWith('%'))
        {
            return double.TryParse(text.AsSpan(0, text.Length - 1), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double percent) ? percent / 100 : null;
        }

        string[] parts = text.Split('/');
        return parts.Length == 2
            && int.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out int part)
            && int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out int whole) && whole > 0
            ? (double)part / whole
            : null;
    }
}
