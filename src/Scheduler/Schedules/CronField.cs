using System.Globalization;

namespace Checkpointer.Scheduler.Schedules;

/// <summary>Reads one field of a cron expression: a list of <c>*</c>, values and ranges, each with a step or without.</summary>
internal static class CronField
{
    /// <summary>Reads one.</summary>
    /// <param name="text">The field.</param>
    /// <param name="what">What it is, for people.</param>
    /// <param name="min">Its first value.</param>
    /// <param name="max">Its last.</param>
    /// <param name="names">Names that stand for values; null for none.</param>
    /// <param name="firstName">What the first name stands for.</param>
    /// <returns>One bit for each value.</returns>
    /// <exception cref="FormatException">It is none; the message says why.</exception>
    public static ulong Read(string text, string what, int min, int max, string[]? names = null, int firstName = 0)
    {
        ulong bits = 0;
        foreach (string part in text.Split(','))
        {
            string[] halves = part.Split('/');
            string[] ends = halves[0] == "*" ? [Number(min), Number(max)] : halves[0].Split('-');
            int? first = Value(ends[0], names, firstName);
            int? last = Value(ends[^1], names, firstName);
            int? step = halves.Length == 1 ? 1 : Value(halves[1], null, 0);

            // A step needs a range to go through: `5/15` means different things to different crons.
            bool isBad = halves.Length > 2 || ends.Length > 2 || first < min || last > max || last < first || step < 1 || (halves.Length == 2 && ends.Length == 1);
            if (isBad || first is null || last is null || step is null)
            {
                throw new FormatException($"'{part}' is no {what}: from {Number(min)} to {Number(max)}, a range a-b, a step a-b/n or */n, or *");
            }

            for (int value = first.Value; value <= last.Value; value += step.Value)
            {
                bits |= 1UL << value;
            }
        }

        return bits;
    }

    private static string Number(int value) => value.ToString(CultureInfo.InvariantCulture);

    private static int? Value(string text, string[]? names, int firstName)
    {
        if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int value))
        {
            return value < 1000 ? value : null;
        }

        int name = names is null ? -1 : Array.FindIndex(names, one => one.Equals(text, StringComparison.OrdinalIgnoreCase));
        return name < 0 ? null : name + firstName;
    }
}
