using System.Text;

namespace Checkpointer.Scheduler.Metrics;

/// <summary>How often a value was within each of some bounds.</summary>
internal sealed class Histogram(string name, string help, double[] bounds, params string[] labels) : MetricFamily(name, "histogram", help, labels)
{
    private readonly Dictionary<MetricLabels, State> _states = [];

    /// <summary>Counts a value.</summary>
    public void Observe(double value, params string[] values)
    {
        lock (Guard)
        {
            MetricLabels key = Labels(values);
            if (!_states.TryGetValue(key, out State? state))
            {
                _states[key] = state = new State(new long[bounds.Length + 1]);
            }

            int at = Array.FindIndex(bounds, bound => value <= bound);
            state.Counts[at < 0 ? bounds.Length : at]++;
            state.Sum += value;
        }
    }

    /// <inheritdoc/>
    public override void Remove(string firstLabel)
    {
        lock (Guard)
        {
            foreach (MetricLabels key in _states.Keys.Where(key => key.Values.FirstOrDefault() == firstLabel).ToArray())
            {
                _states.Remove(key);
            }
        }
    }

    /// <inheritdoc/>
    protected override void WriteValues(StringBuilder text)
    {
        foreach ((MetricLabels key, State state) in _states)
        {
            long below = 0;
            for (int at = 0; at <= bounds.Length; at++)
            {
                below += state.Counts[at];
                WriteLine(text, "_bucket", key, Format(at < bounds.Length ? bounds[at] : double.PositiveInfinity), below);
            }

            WriteLine(text, "_sum", key, null, state.Sum);
            WriteLine(text, "_count", key, null, below);
        }
    }

    private sealed record State(long[] Counts)
    {
        public double Sum { get; set; }
    }
}
