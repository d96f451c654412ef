using System.Globalization;
using System.Text.Json;

namespace Checkpointer.Scheduler.Policies;

/// <summary>Durations as of <see cref="DurationText"/>.</summary>
internal class DurationConverter : TextConverter<TimeSpan>
{
    /// <inheritdoc/>
    protected override string Rule => $"a duration: {DurationText.Rule}";

    /// <inheritdoc/>
    protected override bool TryParse(string text, out TimeSpan value) => DurationText.TryParse(text, out value);

    /// <inheritdoc/>
    protected override string Format(TimeSpan value) => DurationText.Format(value);
}

/// <summary>Durations, and <c>none</c> for zero.</summary>
internal sealed class DurationOrNoneConverter : DurationConverter
{
    /// <summary>The word for zero.</summary>
    public const string None = "none";

    /// <inheritdoc/>
    protected override string Rule => $"'{None}' or a duration: {DurationText.Rule}";

    /// <inheritdoc/>
    protected override bool TryParse(string text, out TimeSpan value)
    {
        value = TimeSpan.Zero;
        return text == None || base.TryParse(text, out value);
    }

    /// <inheritdoc/>
    protected override string Format(TimeSpan value) => value == TimeSpan.Zero ? None : base.Format(value);
}

/// <summary>Parts of a whole as of <see cref="ShareText"/>.</summary>
internal sealed class ShareConverter : TextConverter<double>
{
    /// <inheritdoc/>
    protected override string Rule => ShareText.Rule;

    /// <inheritdoc/>
    protected override bool TryParse(string text, out double value) => ShareText.TryParse(text, out value);

    /// <inheritdoc/>
    protected override string Format(double value) => ShareText.Format(value);
}

/// <summary>Spans of the calendar as of <see cref="CalendarSpan"/>.</summary>
internal sealed class CalendarSpanConverter : TextConverter<CalendarSpan>
{
    /// <inheritdoc/>
    protected override string Rule => $"a span of time: {CalendarSpan.Rule}";

    /// <inheritdoc/>
    protected override bool TryParse(string text, out CalendarSpan value) => CalendarSpan.TryParse(text, out value);

    /// <inheritdoc/>
    protected override string Format(CalendarSpan value) => value.ToString();
}

/// <summary>Sizes as of <see cref="SizeText"/>; written as numbers of bytes.</summary>
internal sealed class SizeConverter : TextConverter<long>
{
    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter writer, long value, JsonSerializerOptions options) => writer.WriteNumberValue(value);

    /// <inheritdoc/>
    protected override string Rule => $"a size: {SizeText.Rule}";

    /// <inheritdoc/>
    protected override bool TryParse(string text, out long value) => SizeText.TryParse(text, out value);

    /// <inheritdoc/>
    protected override string Format(long value) => value.ToString(CultureInfo.InvariantCulture);
}

/// <summary>How many generations a rule keeps: a number, or <c>unlimited</c>, which is <see cref="int.MaxValue"/>.</summary>
internal sealed class KeepCountConverter : TextConverter<int>
{
    /// <summary>The word for all.</summary>
    public const string Unlimited = "unlimited";

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter writer, int value, JsonSerializerOptions options)
    {
        if (value == int.MaxValue)
        {
            writer.WriteStringValue(Unlimited);
        }
        else
        {
            writer.WriteNumberValue(value);
        }
    }

    /// <inheritdoc/>
    protected override string Rule => $"a number of generations: a positive number, or '{Unlimited}'";

    /// <inheritdoc/>
    protected override bool TryParse(string text, out int value)
    {
        value = int.MaxValue;
        return text == Unlimited || (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out value) && value > 0);
    }

    /// <inheritdoc/>
    protected override string Format(int value) => value.ToString(CultureInfo.InvariantCulture);
}

/// <summary>Choices, written as small words; numbers are none.</summary>
/// <typeparam name="T">The choices.</typeparam>
internal sealed class WordConverter<T> : TextConverter<T>
    where T : struct, Enum
{
    /// <inheritdoc/>
    protected override string Rule => $"one of {string.Join(", ", Enum.GetValues<T>().Select(Format))}";

    /// <inheritdoc/>
    protected override bool TryParse(string text, out T value)
    {
        value = Array.Find(Enum.GetValues<T>(), one => Format(one).Equals(text, StringComparison.OrdinalIgnoreCase));
        return Format(value).Equals(text, StringComparison.OrdinalIgnoreCase);
    }

    /// <inheritdoc/>
    protected override string Format(T value) => JsonNamingPolicy.CamelCase.ConvertName(value.ToString());
}
