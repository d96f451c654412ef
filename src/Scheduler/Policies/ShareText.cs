using System.Globalization;

namespace Checkpointer.Scheduler.Policies;

/// <summary>Parts of a whole as people write them: <c>1%</c>, <c>0.5%</c>.</summary>
internal static class ShareText
{
    /// <summary>The rule as a sentence for people.</summary>
    public const string Rule = "a number of percent above 0, up to 100, such as 1% or 0.5%";

    /// <summary>Reads a part: 0.01 for <c>1%</c>.</summary>
    public static bool TryParse(string text, out double share)
    {
        bool isNumber = double.TryParse(text.AsSpan().TrimEnd('%'), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double percent);
        share = percent / 100;
        return isNumber && text.EndsWith('%') && !text.EndsWith("%%", StringComparison.Ordinal) && percent is > 0 and <= 100;
    }

    /// <summary>Writes a part as it is read.</summary>
    public static string Format(double share) => string.Create(CultureInfo.InvariantCulture, $"{share * 100:0.######}%");
}
