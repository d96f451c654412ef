using System.Text.Json;
using Checkpointer.Scheduler.Policies;
using Checkpointer.Scheduler.Tests.Fakes;

namespace Checkpointer.Scheduler.Tests.Cli;

public sealed class PolicyVerbTests : IDisposable
{
    private readonly TemporaryDirectory _place = new();
    private readonly CommandLine _line = new();

    public PolicyVerbTests()
    {
        _line.PolicyDirectory = _place.Path;
        _place.Write("quick.json", """{ "schedule": { "calendar": "*:0/15" }, "retention": { "keepLast": 4, "keepDaily": 7, "maxBytes": "1G" }, "recovery": { "onCrash": "auto" } }""");
    }

    public void Dispose() => _place.Dispose();

    [Fact]
    public void List_TellsEachPolicyAndEachProblem()
    {
        _place.Write("bad.json", "{\n\"schedul\": {} }");

        CommandResult result = _line.Run("policy", "list", "--json");

        string[] lines = result.Out.TrimEnd().Split('\n');
        Assert.Equal(3, result.Code);
        Assert.Equal(
            $$"""{"policy":"quick","path":"{{_place.Path}}/quick.json","schedule":"calendar *:0/15","keeps":"last 4, daily 7, at most 1 GiB","on_boot":"manual","on_crash":"auto","problem":null}""",
            lines[0]);
        Assert.Contains("bad.json:2: there is no key schedul;", lines[1], StringComparison.Ordinal);
        Assert.Contains("quick", _line.Run("policy", "list").Out, StringComparison.Ordinal);
    }

    [Fact]
    public void List_OfNone_SaysWhere() => Assert.Contains("no policies in /does/not/exist", new CommandLine().Run("policy", "list").Out, StringComparison.Ordinal);

    [Fact]
    public void Show_OfAFile_IsAPolicyFileItself()
    {
        CommandResult result = _line.Run("policy", "show", "quick");

        string path = _place.Write("again.json", result.Out.Replace("\"from\": \"quick\",", "", StringComparison.Ordinal));
        Assert.Equal(0, result.Code);
        Assert.Equal(new PolicyFolder(_place.Path).Named("quick").Policy.ToText(), (PolicyFileReader.Read(path).File!.Policy with { From = "quick" }).ToText());
    }

    [Fact]
    public void Register_RemembersWhatWasSaid_AndShowPutsItOverTheFile()
    {
        _line.Engine.Start(4711);

        CommandResult registered = _line.Run(
            "register", "md", "--pid", "4711", "--policy", "quick", "--every", "5m", "--keep-last", "9", "--keep-within", "2d", "--on-boot", "auto", "--jitter", "none",
            "--time-zone", "Europe/Berlin", "--max-bytes", "20G", "--misfire", "skip");

        Assert.Equal(0, registered.Code);
        Assert.Equal(
            """{"from":"quick","schedule":{"every":"5m","jitter":"none","misfire":"skip"},"time_zone":"Europe/Berlin","retention":{"keep_last":9,"keep_within":"2d","max_bytes":21474836480},"recovery":{"on_boot":"auto"}}""",
            _line.Store.Job("md").Policy);
        using var shown = JsonDocument.Parse(_line.Run("policy", "show", "md", "--json").Out);
        Assert.Equal("job", shown.RootElement.GetProperty("kind").GetString());
        Assert.Equal("every 5m", shown.RootElement.GetProperty("schedule").GetString());
        Assert.Equal("last 9, daily 7, within 2d, at most 20 GiB", shown.RootElement.GetProperty("keeps").GetString());
        Assert.Equal("auto", shown.RootElement.GetProperty("policy").GetProperty("recovery").GetProperty("onCrash").GetString());
        Assert.Contains("\"policy\":\"quick\",\"schedule\":\"every 5m\"", _line.Run("jobs", "--json").Out, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--auto", "--max-overhead", "1%", """{"schedule":{"auto":true,"max_overhead":"1%"}}""")]
    [InlineData("--auto", "--mtbf", "6h", """{"schedule":{"auto":true,"mean_time_between_failures":"6h"}}""")]
    [InlineData("--cron", "5 4 * * sun", "--shell-job", """{"shell_job":true,"schedule":{"cron":"5 4 * * sun"}}""")]
    [InlineData("--on-crash", "auto", "--keep-daily=unlimited", """{"retention":{"keep_daily":"unlimited"},"recovery":{"on_crash":"auto"}}""")]
    public void Register_RemembersOptions(string first, string second, string third, string expected)
    {
        _line.Engine.Start(4711);

        Assert.Equal(0, _line.Run("register", "md", "--pid", "4711", first, second, third).Code);

        Assert.Equal(JsonSerializer.Serialize(JsonSerializer.Deserialize<SortedDictionary<string, object>>(expected)), JsonSerializer.Serialize(JsonSerializer.Deserialize<SortedDictionary<string, object>>(_line.Store.Job("md").Policy)));
    }

    [Theory]
    [InlineData("--every", "5m", "--cron", "* * * * *", "--every and --cron exclude each other")]
    [InlineData("--calendar", "daily", "--auto", null, "--calendar and --auto exclude each other")]
    [InlineData("--calendar", "dayly", null, null, "'dayly' is no calendar expression: 'dayly' is no weekday")]
    [InlineData("--cron", "61 * * * *", null, null, "'61 * * * *' is no cron expression: '61' is no minute")]
    [InlineData("--max-overhead", "1", null, null, "'1' is not a number of percent")]
    [InlineData("--on-boot", "never", null, null, "'never' is none of auto, manual")]
    [InlineData("--jitter", "some", null, null, "'some' is neither 'none' nor a duration")]
    [InlineData("--policy", "../x", null, null, "'../x' is no name for a policy")]
    public void Register_WithBadOptions_IsMisuse(string first, string second, string? third, string? fourth, string expected)
    {
        string[] words = [.. new[] { "register", "md", "--pid", "4711", first, second, third, fourth }.OfType<string>()];

        CommandResult result = _line.Run(words);

        Assert.Equal(2, result.Code);
        Assert.Contains(expected, result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Register_UnderAPolicyThatDoesNotExist_Fails()
    {
        _line.Engine.Start(4711);

        CommandResult result = _line.Run("register", "md", "--pid", "4711", "--policy", "slow");

        Assert.Equal(1, result.Code);
        Assert.Contains("there is no policy slow", result.Error, StringComparison.Ordinal);
        Assert.Contains("policies are quick", result.Error, StringComparison.Ordinal);
        Assert.Empty(_line.Store.Jobs());
    }

    [Fact]
    public void Test_PlaysAYearThrough()
    {
        CommandResult result = _line.Run("policy", "test", "quick", "--from", "2026-03-04T12:00", "--bytes", "10M", "--json");

        using var played = JsonDocument.Parse(result.Out);
        JsonElement next = played.RootElement.GetProperty("next");
        JsonElement year = played.RootElement.GetProperty("points")[3];
        Assert.Equal(10, next.GetArrayLength());
        Assert.Equal("2026-03-04T12:15:00+00:00", next[0].GetString());
        Assert.Equal("2026-03-04T14:30:00+00:00", next[9].GetString());
        Assert.Equal("1y", year.GetProperty("after").GetString());

        // From noon to noon, the last not any more; 4 + 7 days, of which the first is among the 4.
        Assert.Equal((365 * 96) - 1, year.GetProperty("taken").GetInt32());
        Assert.Equal(10, year.GetProperty("kept").GetInt32());
        Assert.Equal("2027-02-26T23:45:00+00:00", year.GetProperty("oldest").GetString());
        Assert.Equal(10 * (10L << 20), year.GetProperty("bytes").GetInt64());
    }

    [Fact]
    public void Test_OfTheHourThatComesTwice_HasItTwice()
    {
        string path = _place.Write("berlin.json", """{ "timeZone": "Europe/Berlin", "schedule": { "calendar": "2:30" } }""");

        string text = _line.Run("policy", "test", path, "--from", "2026-10-25T00:00").Out;

        Assert.Contains("Sun 2026-10-25 02:30:00 +02:00", text, StringComparison.Ordinal);
        Assert.Contains("Sun 2026-10-25 02:30:00 +01:00", text, StringComparison.Ordinal);
    }

    [Fact]
    public void Test_OfAuto_GoesByTheCost()
    {
        string path = _place.Write("auto.json", """{ "schedule": { "auto": true } }""");

        using var played = JsonDocument.Parse(_line.Run("policy", "test", path, "--from", "2026-03-04T12:00Z", "--cost", "5m", "--mtbf", "6h", "--json").Out);

        JsonElement next = played.RootElement.GetProperty("next");
        Assert.Equal(61.7, (next[1].GetDateTimeOffset() - next[0].GetDateTimeOffset()).TotalMinutes, 0.05);
    }

    [Fact]
    public void Test_OfABadFile_NamesTheLine()
    {
        CommandResult result = _line.Run("policy", "test", _place.Write("bad.json", "{\n\n\"schedul\": {} }"));

        Assert.Equal(1, result.Code);
        Assert.Contains("bad.json:3: there is no key schedul", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Policy_WithoutAWord_IsMisuse() => Assert.Equal(2, _line.Run("policy").Code);
}
