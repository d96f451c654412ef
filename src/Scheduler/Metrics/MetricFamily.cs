using System.Globalization;
using System.Text;

namespace Checkpointer.Scheduler.Metrics;

/// <summary>Metrics of one name, told apart by the values of their labels. May be used from several threads.</summary>
/// <param name="name">As Prometheus has it, such as <c>checkpointer_dumps_total</c>.</param>
/// <param name="type">Its type, as Prometheus has it.</param>
/// <param name="help">What it is, a sentence without its end.</param>
/// <param name="labels">Names of the labels.</param>
internal abstract class MetricFamily(string name, string type, string help, params string[] labels)
{
    /// <summary>Name.</summary>
    public string Name { get; } = name;

    /// <summary>What it is.</summary>
    public string Help { get; } = help;

    /// <summary>Guards the values.</summary>
    protected Lock Guard { get; } = new();

    /// <summary>Writes all values in the text format of Prometheus, version 0.0.4.</summary>
    public void WriteTo(StringBuilder text)
    {
        text.Append(CultureInfo.InvariantCulture, $"# HELP {Name} {Help}\n# TYPE {Name} {type}\n");
        lock (Guard)
        {
            WriteValues(text);
        }
    }

    /// <summary>Drops the values of a job that is not under our care any more.</summary>
    public abstract void Remove(string firstLabel);

    /// <summary>Writes the values; <see cref="Guard"/> is held.</summary>
    protected abstract void WriteValues(StringBuilder text);

    /// <summary>One line.</summary>
    protected void WriteLine(StringBuilder text, string suffix, MetricLabels values, string? bound, double value)
    {
        text.Append(Name).Append(suffix);
        string[] pairs = [.. labels.Select((label, at) => $"{label}=\"{Escape(values.Values[at])}\""), .. bound is null ? [] : new[] { $"le=\"{bound}\"" }];
        if (pairs.Length > 0)
        {
            text.Append('{').AppendJoin(',', pairs).Append('}');
        }

        text.Append(' ').Append(Format(value)).Append('\n');
    }

    /// <summary>Checks that there is a value for each label.</summary>
    protected MetricLabels Labels(string[] values)
        => values.Length == labels.Length ? new MetricLabels(values) : throw new ArgumentException($"{Name} has {labels.Length} label(s)", nameof(values));

    /// <summary>A number as Prometheus reads it.</summary>
    protected static string Format(double value)
        => double.IsPositiveInfinity(value) ? "+Inf" : value.ToString("R", CultureInfo.InvariantCulture);

    private static string Escape(string text)
        => text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal);
}

/// <summary>Values of labels, compared one by one.</summary>
/// <param name="Values">The values.</param>
internal sealed record MetricLabels(string[] Values)
{
    /// <inheritdoc/>
    public bool Equals(MetricLabels? other) => other is not null && Values.AsSpan().SequenceEqual(other.Values);

    /// <inheritdoc/>
    public override int GetHashCode() => Values.Aggregate(0, HashCode.Combine);
}
