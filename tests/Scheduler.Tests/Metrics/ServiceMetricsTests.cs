using System.Text.RegularExpressions;
using Checkpointer.Scheduler.Metrics;
using Checkpointer.Scheduler.Tests.Fakes;
using Checkpointer.Store;

namespace Checkpointer.Scheduler.Tests.Metrics;

public sealed partial class ServiceMetricsTests
{
    private static readonly DateTimeOffset _start = DateTimeOffset.FromUnixTimeSeconds(1_800_000_000);
    private readonly ServiceMetrics _metrics = new(_start);

    [Fact]
    public void Text_AfterDumps_HasHistogramsAndCounters()
    {
        var observer = new MetricsObserver(_metrics);
        observer.Dumped(Generation(freezeMicroseconds: 3000));
        observer.Dumped(Generation(freezeMicroseconds: 100_000_000));
        observer.DumpFailed("md", "why");

        string text = _metrics.ToText();

        Assert.Contains("# TYPE checkpointer_freeze_seconds histogram\n", text, StringComparison.Ordinal);
        Assert.Contains("checkpointer_freeze_seconds_bucket{job=\"md\",le=\"0.0025\"} 0\n", text, StringComparison.Ordinal);
        Assert.Contains("checkpointer_freeze_seconds_bucket{job=\"md\",le=\"0.005\"} 1\n", text, StringComparison.Ordinal);
        Assert.Contains("checkpointer_freeze_seconds_bucket{job=\"md\",le=\"60\"} 1\n", text, StringComparison.Ordinal);
        Assert.Contains("checkpointer_freeze_seconds_bucket{job=\"md\",le=\"+Inf\"} 2\n", text, StringComparison.Ordinal);
        Assert.Contains("checkpointer_freeze_seconds_sum{job=\"md\"} 100.003\n", text, StringComparison.Ordinal);
        Assert.Contains("checkpointer_freeze_seconds_count{job=\"md\"} 2\n", text, StringComparison.Ordinal);
        Assert.Contains("checkpointer_dumps_total{job=\"md\",outcome=\"ok\"} 2\n", text, StringComparison.Ordinal);
        Assert.Contains("checkpointer_dumps_total{job=\"md\",outcome=\"failed\"} 1\n", text, StringComparison.Ordinal);
        Assert.Contains("checkpointer_new_bytes_total{job=\"md\"} 2000\n", text, StringComparison.Ordinal);
    }

    [Fact]
    public void Text_OfStates_HasAgesAndSizes()
    {
        _metrics.Observe(
            new ServiceState([new JobState("md", true, 3, 1, _start.AddSeconds(-90), _start), new JobState("new", false, 0, 0, null, _start)], 1L << 40, 4096, 12345), _start);

        string text = _metrics.ToText();

        Assert.Contains("checkpointer_last_success_age_seconds{job=\"md\"} 90\n", text, StringComparison.Ordinal);
        Assert.Contains("checkpointer_last_success_timestamp_seconds{job=\"md\"} 1799999910\n", text, StringComparison.Ordinal);
        Assert.Contains("checkpointer_job_running{job=\"new\"} 0\n", text, StringComparison.Ordinal);
        Assert.DoesNotContain("age_seconds{job=\"new\"}", text, StringComparison.Ordinal);
        Assert.Contains("checkpointer_store_bytes 1099511627776\n", text, StringComparison.Ordinal);
    }

    [Fact]
    public void Text_OfAJobThatIsForgotten_HasNothingOfIt()
    {
        new MetricsObserver(_metrics).Dumped(Generation(1));
        _metrics.Missed("other", 2);

        _metrics.Observe(new ServiceState([new JobState("md", true, 1, 0, _start, _start)], 0, 0, 0), _start);
        Assert.Contains("{job=\"md\"}", _metrics.ToText(), StringComparison.Ordinal);
        _metrics.Observe(new ServiceState([], 0, 0, 0), _start);

        Assert.DoesNotContain("\"md\"", _metrics.ToText(), StringComparison.Ordinal);
        Assert.Contains("{job=\"other\"} 2\n", _metrics.ToText(), StringComparison.Ordinal);
    }

    /// <summary>Every line is one that Prometheus reads: the grammar of its text format 0.0.4.</summary>
    [Fact]
    public void Text_IsInTheFormatOfPrometheus()
    {
        var observer = new MetricsObserver(_metrics);
        observer.Dumped(Generation(5));
        observer.Crashed("md", "");
        observer.Recovered(new GenerationName("md", 1), TimeSpan.FromSeconds(2));
        observer.RecoveryFailed("md", "");
        observer.Missed("md", 3);
        _metrics.Observe(new ServiceState([new JobState("md", true, 1, 1, _start, _start)], 1, 2, 3), _start);
        _metrics.UpkeepDone("verify", "failed", _start);
        _metrics.UpkeepDone("gc", "ok", _start);

        string[] lines = _metrics.ToText().TrimEnd('\n').Split('\n');

        Assert.All(lines, line => Assert.Matches(Line(), line));
        Assert.Equal(_metrics.Names.Count(), lines.Count(line => line.StartsWith("# TYPE ", StringComparison.Ordinal)));
        Assert.Contains("checkpointer_missed_schedules_total{job=\"md\"} 3", lines);
        Assert.Contains("checkpointer_damaged_generations{job=\"md\"} 1", lines);
        Assert.Contains("checkpointer_verify_failures_total 1", lines);
        Assert.Contains("checkpointer_upkeep_runs_total{work=\"verify\",outcome=\"failed\"} 1", lines);
        Assert.Contains("checkpointer_upkeep_last_success_timestamp_seconds{work=\"gc\"} 1800000000", lines);
        Assert.DoesNotContain(lines, line => line.StartsWith("checkpointer_upkeep_last_success_timestamp_seconds{work=\"verify\"", StringComparison.Ordinal));
    }

    [Fact]
    public void Labels_WithStrangeCharacters_AreEscaped()
    {
        Values values = Values.Gauge("x", "Help", "path");

        values.Set(0.5, "a\\b\"c\nd");
        var text = new System.Text.StringBuilder();
        values.WriteTo(text);

        Assert.EndsWith("x{path=\"a\\\\b\\\"c\\nd\"} 0.5\n", text.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void AlertRules_UseMetricsThatThereAre()
    {
        string rules = File.ReadAllText(RepositoryRoot.File("config", "prometheus", "alerts.yml"));
        string[] used = [.. Metric().Matches(rules).Select(match => match.Value.Replace("_bucket", "", StringComparison.Ordinal)).Distinct()];

        Assert.InRange(used.Length, 6, 100);
        Assert.Empty(used.Except(_metrics.Names));
    }

    private static GenerationRecord Generation(long freezeMicroseconds)
        => new(new GenerationName("md", 1), FakeStore.Epoch, TimeSpan.FromSeconds(1), 1000, new GenerationSummary("full", "compare", "copy", freezeMicroseconds, 1, 1, 10, 10));

    [GeneratedRegex("""^(# (HELP|TYPE) [a-z_]+ .+|[a-z_]+(\{[a-z]+="[^"]*"(,[a-z]+="[^"]*")*\})? [-+0-9.eEInf]+)$""")]
    private static partial Regex Line();

    [GeneratedRegex("checkpointer_[a-z_]+")]
    private static partial Regex Metric();
}
