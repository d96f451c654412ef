using System.Diagnostics;
using System.Globalization;
using Checkpointer.EndToEnd.Tests.Interop;

namespace Checkpointer.Benchmarks;

/// <summary>Runs the benchmarks that are named, all by default, and prints Markdown.</summary>
internal static class BenchmarkRun
{
    private const string Usage =
        "usage: Benchmarks [freeze] [minute] [growth] [throughput] [slowdown] [curve] [scale] [codec] [files] [backup] [many] [jobs] [--quick] [--sizes MIB,MIB...] [--generations N] [--directory DIR]";

    private static readonly Dictionary<string, Func<Place, IBenchmark>> _benchmarks = new()
    {
        ["freeze"] = place => new FreezeBenchmark(place, TimeSpan.FromSeconds(1), 0.1, 1, 10, 100),
        ["minute"] = place => new FreezeBenchmark(place, TimeSpan.FromMinutes(1), 100),
        ["growth"] = place => new GrowthBenchmark(place),
        ["throughput"] = place => new ThroughputBenchmark(place),
        ["curve"] = place => new CurveBenchmark(place),
        ["slowdown"] = place => new SlowdownBenchmark(place),
        ["scale"] = place => new ScaleBenchmark(place),
        ["codec"] = place => new CodecBenchmark(place),
        ["backup"] = place => new BackupBenchmark(place),
        ["many"] = place => new ManyBenchmark(place),
        ["jobs"] = place => new JobsBenchmark(place),
        ["files"] = place => new FilesBenchmark(place),
    };

    /// <summary>Runs; returns an exit code.</summary>
    public static int Run(IReadOnlyList<string> words, CultureInfo culture)
    {
        CultureInfo.CurrentCulture = culture;
        var names = new List<string>();
        var directory = Path.GetTempPath();
        IReadOnlyList<int>? sizes = null;
        var isQuick = false;
        var generations = 10_000;
        for (var index = 0; index < words.Count; index++)
        {
            switch (words[index])
            {
                case "--quick":
                    isQuick = true;
                    break;
                case "--generations" when index + 1 < words.Count:
                    generations = int.Parse(words[++index], culture);
                    break;
                case "--directory" when index + 1 < words.Count:
                    directory = words[++index];
                    break;
                case "--sizes" when index + 1 < words.Count:
                    sizes = [.. words[++index].Split(',').Select(size => int.Parse(size, culture))];
                    break;
                case var name when _benchmarks.ContainsKey(name):
                    names.Add(name);
                    break;
                default:
                    Console.Error.WriteLine(Usage);
                    return 2;
            }
        }

        if (Libc.geteuid() != 0)
        {
            Console.Error.WriteLine("needs root");
            return 1;
        }

        using var place = new Place(directory, isQuick, sizes) { Generations = generations };
        Console.WriteLine(Conditions.Describe(directory));
        foreach (var name in names.Count > 0 ? names : [.. _benchmarks.Keys])
        {
            var begun = Stopwatch.GetTimestamp();
            Console.WriteLine($"\n## {name}\n");
            _benchmarks[name](place).Run(Console.Out);
            Console.Error.WriteLine($"{name}: {Stopwatch.GetElapsedTime(begun).TotalSeconds:F0} s");
        }

        return 0;
    }
}
