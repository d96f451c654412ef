namespace Checkpointer.Benchmarks;

/// <summary>A table in Markdown, written row by row so that a long run shows how far it is.</summary>
internal sealed class Table
{
    private readonly TextWriter _output;

    public Table(TextWriter output, params string[] headings)
    {
        _output = output;
        Row(headings);
        Row([.. headings.Select(_ => "---")]);
    }

    public void Row(params string[] cells)
    {
        _output.WriteLine($"| {string.Join(" | ", cells)} |");
        _output.Flush();
    }
}

/// <summary>Numbers as tables show them.</summary>
internal static class Numbers
{
    private const double Mebi = 1 << 20;

    public static TimeSpan Median(this IEnumerable<TimeSpan> values) => TimeSpan.FromTicks(values.Select(value => value.Ticks).Median());

    public static long Median(this IEnumerable<long> values)
    {
        var sorted = values.Order().ToList();
        return sorted.Count % 2 == 1 ? sorted[sorted.Count / 2] : (sorted[(sorted.Count / 2) - 1] + sorted[sorted.Count / 2]) / 2;
    }

    public static string Ms(this TimeSpan time) => $"{time.TotalMilliseconds:F1}";

    public static string Seconds(this TimeSpan time) => $"{time.TotalSeconds:F2}";

    public static string MiB(this long bytes) => $"{bytes / Mebi:F1}";

    public static string Size(int mebibytes) => mebibytes < 1024 ? $"{mebibytes} MiB" : $"{mebibytes / 1024} GiB";

    public static double GBPerSecond(long bytes, TimeSpan time) => bytes / 1e9 / time.TotalSeconds;
}
