using System.Globalization;
using System.Text.RegularExpressions;
using Checkpointer.EndToEnd.Tests.Support;
using Xunit;

namespace Checkpointer.Engine.Tests;

/// <summary>docs/limits.md against the programs that prove it, and against itself.</summary>
[Trait("kind", "unit")]
public sealed partial class LimitsTests
{
    // Programs of demonstrations and benchmarks, not of state that is carried.
    private static readonly string[] _otherPrograms = ["compute", "dirty_random", "dirty_rate", "file_append", "triad"];

    private static readonly string _text = File.ReadAllText(Path.Combine(Repository.Root, "docs", "limits.md"));

    [Fact]
    public void Programs_InTheTables_AreThere()
    {
        var named = Programs().ToHashSet();
        var there = Directory.GetFiles(Path.Combine(Repository.Root, "tests", "Programs"), "*.c").Select(path => Path.GetFileNameWithoutExtension(path)).ToHashSet();

        Assert.DoesNotContain(named.Except(there), name => !IsOtherTest(name));
        Assert.DoesNotContain(there.Except(named).Except(_otherPrograms), name => !Source(name).Contains("@steps", StringComparison.Ordinal));
    }

    [Fact]
    public void RefusingPrograms_StandInRowsThatRefuse()
    {
        foreach (var row in Rows().Where(row => row.Programs.Any()))
        {
            var refusing = row.Programs.Where(IsRefused).ToList();

            Assert.True(refusing.Count == 0 || row.State.Contains("refused", StringComparison.Ordinal), $"{row.Resource}: {refusing.FirstOrDefault()}");
            Assert.True(row.State != "refused" || row.Programs.Any(IsRefused), $"{row.Resource}: none of its programs is refused");
        }
    }

    [Fact]
    public void Summary_CountsTheRows()
    {
        var counted = Rows().GroupBy(row => row.Section)
            .Select(section => $"| {section.Key} | {section.Count(IsCarried)} | {section.Count(IsRefusedRow)} | {section.Count(row => !IsCarried(row) && !IsRefusedRow(row))} | {section.Count()} |");

        Assert.Equal(counted, SummaryRow().Matches(_text).Select(match => match.Value));
    }

    [Fact]
    public void Coverage_AddsUp()
    {
        var sections = CoverageRow().Matches(_text).Select(match => match.Groups.Values.Skip(1).Select(group => group.Value).ToList()).ToList();
        foreach (var section in sections)
        {
            var counts = section.Skip(1).Select(cell => int.Parse(cell, CultureInfo.InvariantCulture)).ToList();
            Assert.Equal(counts[4], counts.Take(4).Sum());
            Assert.Equal(Math.Round(100.0 * counts[0] / counts[4]), counts[5]);
            if (section[0] != "all")
            {
                Assert.Equal(counts[1], Explained(section[0], "refused"));
                Assert.Equal(counts[2] + counts[3], Explained(section[0], "differs") + Explained(section[0], "lost"));
            }
        }

        for (var column = 1; column <= 5; column++)
        {
            var numbers = sections.Select(section => int.Parse(section[column], CultureInfo.InvariantCulture)).ToList();
            Assert.Equal(numbers[^1], numbers.SkipLast(1).Sum());
        }
    }

    private static int Explained(string section, string how) =>
        _text.Split('\n').Count(line => line.StartsWith($"- {section}, {how}: ", StringComparison.Ordinal));

    private static bool IsCarried(Row row) => row.State.StartsWith("carried", StringComparison.Ordinal);

    private static bool IsRefusedRow(Row row) => row.State.StartsWith("refused", StringComparison.Ordinal) || row.State.StartsWith("the restore is refused", StringComparison.Ordinal);

    private static bool IsRefused(string program) => !IsOtherTest(program) && Source(program).Contains("@refused", StringComparison.Ordinal);

    /// <summary>True for a script, and for tests that need more than a program.</summary>
    private static bool IsOtherTest(string name) =>
        name.EndsWith(".sh", StringComparison.Ordinal) || File.Exists(Path.Combine(Repository.Root, "tests", "EndToEnd.Tests", name + ".cs"));

    private static string Source(string program) => File.ReadAllText(Path.Combine(Repository.Root, "tests", "Programs", program + ".c"));

    private static IEnumerable<string> Programs() => Rows().SelectMany(row => row.Programs);

    /// <summary>Rows of the tables that have a column of programs.</summary>
    private static IEnumerable<Row> Rows()
    {
        string section = "";
        foreach (var line in _text.Split('\n'))
        {
            section = line.StartsWith("## ", StringComparison.Ordinal) ? line[3..] : section;
            var cells = line.Split(" | ");
            if (line.StartsWith("| ", StringComparison.Ordinal) && cells.Length == 3 && cells[1] is not ("state" or "---"))
            {
                yield return new Row(section, cells[0][2..], cells[1], [.. Name().Matches(cells[2]).Select(match => match.Groups[1].Value)]);
            }
        }
    }

    [GeneratedRegex("`([^`]+)`")]
    private static partial Regex Name();

    [GeneratedRegex(@"^\| [^|]+ \| \d+ \| \d+ \| \d+ \| \d+ \|$", RegexOptions.Multiline)]
    private static partial Regex SummaryRow();

    [GeneratedRegex(@"^\| ([^|]+) \| (\d+) \| (\d+) \| (\d+) \| (\d+) \| (\d+) \| (\d+) % \|$", RegexOptions.Multiline)]
    private static partial Regex CoverageRow();

    private sealed record Row(string Section, string Resource, string State, IReadOnlyList<string> Programs);
}
