using System.Text;

namespace Checkpointer.Scheduler.Metrics;

/// <summary>Numbers that are set or only grow.</summary>
internal sealed class Values(string name, string type, string help, params string[] labels) : MetricFamily(name, type, help, labels)
{
    private readonly Dictionary<MetricLabels, double> _values = [];

    /// <summary>A number that only grows while the service runs.</summary>
    public static Values Counter(string name, string help, params string[] labels) => new(name, "counter", help, labels);

    /// <summary>A number that goes up and down.</summary>
    public static Values Gauge(string name, string help, params string[] labels) => new(name, "gauge", help, labels);

    /// <summary>Adds to it.</summary>
    public void Add(double amount, params string[] values)
    {
        lock (Guard)
        {
            MetricLabels key = Labels(values);
            _values[key] = _values.GetValueOrDefault(key) + amount;
        }
    }

    /// <summary>Sets it.</summary>
    public void Set(double value, params string[] values)
    {
        lock (Guard)
        {
            _values[Labels(values)] = value;
        }
    }

    /// <inheritdoc/>
    public override void Remove(string firstLabel)
    {
        lock (Guard)
        {
            foreach (MetricLabels key in _values.Keys.Where(key => key.Values.FirstOrDefault() == firstLabel).ToArray())
            {
                _values.Remove(key);
            }
        }
    }

    /// <inheritdoc/>
    protected override void WriteValues(StringBuilder text)
    {
        foreach ((MetricLabels key, double value) in _values)
        {
            WriteLine(text, "", key, null, value);
        }
    }
}
