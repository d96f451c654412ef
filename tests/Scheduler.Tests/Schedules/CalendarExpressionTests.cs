using System.Globalization;
using Checkpointer.Scheduler.Schedules;

namespace Checkpointer.Scheduler.Tests.Schedules;

/// <summary>What systemd says of the same expressions is in calendar.tsv.</summary>
public sealed class CalendarExpressionTests
{
    private const string Never = "never";

    public static TheoryData<string, string, string, string> Golden()
    {
        var rows = new TheoryData<string, string, string, string>();
        foreach (string line in File.ReadLines(RepositoryRoot.File("tests", "Scheduler.Tests", "Schedules", "calendar.tsv")).Where(line => line[0] != '#'))
        {
            string[] fields = line.Split('\t');
            rows.Add(fields[0], fields[1], fields[2], fields[3]);
        }

        return rows;
    }

    [Fact]
    public void Golden_HasTheExamplesOfTheManualAndMore() => Assert.InRange(Golden().Count, 70, 1000);

    [Theory]
    [MemberData(nameof(Golden))]
    public void Expression_MeansWhatSystemdSays(string text, string normal, string from, string times)
    {
        Timetable timetable = WallClockPatterns.Calendar(text, TimeZoneInfo.Utc);
        var due = new List<string>();
        DateTimeOffset? at = Time(from);
        while (due.Count < 6 && at is not null)
        {
            at = timetable.After(at.Value);
            due.Add(at?.ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture) ?? Never);
        }

        Assert.Equal(normal, CalendarReader.Read(text).ToString());
        Assert.Equal(times.Split(','), due);
    }

    [Theory]
    [MemberData(nameof(Golden))]
    public void NormalForm_ReadAgain_IsTheSame(string text, string normal, string from, string times)
    {
        _ = (text, from, times);

        Assert.Equal(normal, CalendarReader.Read(normal).ToString());
    }

    [Theory]
    [InlineData("*:*:0/0.5", "*-*-* *:*:00/0.500000")]
    [InlineData("*:*:1.25", "*-*-* *:*:01.250000")]
    public void Fractions_OfSeconds_AreKept(string text, string normal)
    {
        Timetable timetable = WallClockPatterns.Calendar(text, TimeZoneInfo.Utc);
        DateTimeOffset first = timetable.After(Time("2026-03-04 12:00:00"))!.Value;

        Assert.Equal(normal, CalendarReader.Read(text).ToString());
        Assert.Equal(text.Contains('/') ? 0.5 : 1.25, (first - Time("2026-03-04 12:00:00")).TotalSeconds);
        Assert.Equal(text.Contains('/') ? 0.5 : 60, (timetable.After(first)!.Value - first).TotalSeconds);
    }

    [Theory]
    [InlineData("")]
    [InlineData("12")]
    [InlineData("*:*/2")]
    [InlineData("*-*-* 25:00")]
    [InlineData("*-*-1/40")]
    [InlineData("*-*-*~1")]
    [InlineData("*-*~29")]
    [InlineData("*-*~5..2")]
    [InlineData("*:5..2")]
    [InlineData("*:0/0")]
    [InlineData("*-13-1")]
    [InlineData("*-*-0")]
    [InlineData("Fri..Mon 12:00")]
    [InlineData("Wed,17:48")]
    [InlineData("17:48 Wed")]
    [InlineData("Someday 17:48")]
    [InlineData("daily Middle/Earth")]
    [InlineData("1:2:3:4")]
    [InlineData("*:*:1.")]
    [InlineData("2026-1-1 1:1 2:2")]
    [InlineData("*-*-* *:60")]
    [InlineData("@99999999999999")]
    [InlineData("-1-1-1")]
    [InlineData("1,,2:00")]
    public void Expression_ThatIsNone_IsRefusedWithAReason(string text)
        => Assert.NotEmpty(Assert.Throws<FormatException>(() => CalendarReader.Read(text)).Message);

    private static DateTimeOffset Time(string text) => DateTimeOffset.Parse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal);
}
