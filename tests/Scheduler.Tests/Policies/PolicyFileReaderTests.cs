using Checkpointer.Engine;
using Checkpointer.Scheduler.Policies;
using Checkpointer.Scheduler.Schedules;
using Checkpointer.Store;

namespace Checkpointer.Scheduler.Tests.Policies;

public sealed class PolicyFileReaderTests : IDisposable
{
    private readonly TemporaryDirectory _place = new();

    public static TheoryData<string> Examples() => [.. Directory.EnumerateFiles(RepositoryRoot.File("config", "policies"), "*.json").Select(path => Path.GetFileName(path))];

    public void Dispose() => _place.Dispose();

    [Theory]
    [MemberData(nameof(Examples))]
    public void Example_IsAPolicyWithASchedule(string name)
    {
        (PolicyFile? file, IReadOnlyList<PolicyProblem> problems) = PolicyFileReader.Read(RepositoryRoot.File("config", "policies", name));

        Assert.Empty(problems);
        Assert.NotNull(file!.Policy.ToSchedule("md", TimeZoneInfo.Utc));
        Assert.False(file.Policy.ToRetentionPolicy().IsEmpty);
    }

    [Fact]
    public void Examples_AreThere() => Assert.InRange(Examples().Count, 4, 100);

    [Fact]
    public void EveryKey_IsReadAsItIsWritten()
    {
        JobPolicy policy = Read(
            """
            {
              // Comments are allowed, and commas at ends.
              "timeZone": "UTC",
              "schedule": { "calendar": "*:0/15", "jitter": "none", "misfire": "skip", "shortest": "1m", "longest": "2h", "meanTimeBetweenFailures": "6h" },
              "retention": { "keepLast": "unlimited", "keepHourly": 24, "keepWithinDaily": "1mo", "maxBytes": "20GiB" },
              "recovery": { "onBoot": "auto", "onCrash": "never", "attempts": 5, "backOff": "1s", "grace": "2m" },
              "events": { "onShutdown": true, "onTerminate": true, "onMemoryPressure": "none", "grace": "90s" },
              "limits": { "nice": 19, "cores": 2, "rate": "50M" },
              "rehearse": { "schedule": { "calendar": "Sun 4:00" } },
              "hooks": { "before": ["/bin/true", "--now"], "after": ["/bin/false"], "timeLimit": "5s" },
              "alerts": { "command": ["/bin/mail"], "webhook": "https://example.org/x", "onFailure": false, "onSuccessAfterFailure": true, "noGoodGenerationFor": "1d" },
              "files": { "carry": "sizes", "paths": ["/data/*"], "fileBytesMax": "1G", "totalBytesMax": 17, "freezeBytesMax": 0, "refusesOverBudget": true },
              "shellJob": true,
              "tcp": "close",
            }
            """);

        Assert.Equal("calendar *:0/15", policy.ToSchedule("md", TimeZoneInfo.Utc)!.Describe());
        Assert.Equal((TimeSpan.Zero, MisfireRule.Skip), (policy.Schedule!.Jitter, policy.Schedule.Misfire));
        Assert.Equal((TimeSpan.FromMinutes(1), TimeSpan.FromHours(2), TimeSpan.FromHours(6)), (policy.Schedule.Shortest, policy.Schedule.Longest, policy.Schedule.MeanTimeBetweenFailures));
        RetentionPolicy retention = policy.ToRetentionPolicy();
        Assert.Equal(20L << 30, retention.BytesMax);
        Assert.Equal(["last", "hourly", "daily within 1mo"], retention.Rules.Select(rule => rule.Reason));
        Assert.Equal(new int?[] { null, 24, null }, retention.Rules.Select(rule => rule.Count));
        Assert.Equal(new RecoveryPolicy(RecoveryChoice.Auto, RecoveryChoice.Never, 5, TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(2)), policy.ToRecoveryPolicy());
        Assert.Equal(new EventPolicy(true, true, PressureChoice.None, TimeSpan.FromSeconds(90)), policy.ToEventPolicy());
        Assert.Equal((new DumpLimits(19, 50 << 20), new WriterLimits(19, 2)), (policy.ToDumpLimits(), policy.ToWriterLimits()));
        Assert.Equal("calendar Sun 4:00", policy.ToRehearsalSchedule("md", TimeZoneInfo.Utc)!.Describe());
        Assert.Equal(["/bin/true", "--now"], policy.Hooks!.Before!);
        Assert.Equal(["/bin/false"], policy.Hooks.After!);
        Assert.Equal(TimeSpan.FromSeconds(5), policy.Hooks.TimeLimit);
        Assert.Equal(("https://example.org/x", false, true, TimeSpan.FromDays(1)), (policy.Alerts!.Webhook, policy.Alerts.OnFailure, policy.Alerts.OnSuccessAfterFailure, policy.Alerts.NoGoodGenerationFor));
        FilePolicy files = policy.ToFilePolicy();
        Assert.Equal((FileChoice.Sizes, 1L << 30, 17L, 0L, true), (files.Files, files.FileBytesMax, files.TotalBytesMax, files.FreezeBytesMax, files.RefusesOverBudget));
        Assert.Equal(new DumpChoices(IsShellJob: true, TcpChoice.Close), policy.ToChoices());
    }

    [Fact]
    public void MemoryPressure_OnAKernelThatDoesNotTell_IsRefusedByName()
    {
        var policy = new JobPolicy { Events = new EventRules { OnMemoryPressure = PressureChoice.Dump } };
        bool isTold = PolicyCheck.IsPressureTold;
        try
        {
            PolicyCheck.IsPressureTold = true;
            Assert.Empty(PolicyCheck.OfFile(policy));
            PolicyCheck.IsPressureTold = false;
            (string key, string reason) = Assert.Single(PolicyCheck.OfFile(policy));
            Assert.Equal("events.onMemoryPressure", key);
            Assert.Contains("CONFIG_PSI", reason, StringComparison.Ordinal);
        }
        finally
        {
            PolicyCheck.IsPressureTold = isTold;
        }
    }

    [Theory]
    [InlineData("{\n\"schedule\": {\n\"evry\": \"15m\" } }", 3, "there is no key schedule.evry; keys here are every, cron, calendar,")]
    [InlineData("{\n\n\"retain\": {} }", 3, "there is no key retain; keys here are ")]
    [InlineData("{\n\"schedule\": {\n\"every\": \"15 minutes\" } }", 3, "schedule.every: '15 minutes' is not a duration")]
    [InlineData("{\n\"schedule\": {\n\"every\": \"15m\",\n\"cron\": \"* * * * *\" } }", 4, "schedule.cron: schedule.every says already when dumps are due")]
    [InlineData("{\n\"schedule\": {\n\"cron\":\n\"* * * * 9\" } }", 3, "schedule.cron: '9' is no day of week")]
    [InlineData("{\n\"schedule\": {\n\"calendar\": \"Fri..Mon\" } }", 3, "schedule.calendar: 'Fri..Mon' is no range of weekdays")]
    [InlineData("{\n\"schedule\": {\n\"auto\": \"yes\" } }", 3, "schedule.auto: the value is of another kind")]
    [InlineData("{\n\"schedule\": {\n\"auto\": true,\n\"maxOverhead\": 1 } }", 4, "schedule.maxOverhead: '1' is not a number of percent")]
    [InlineData("{\n\"schedule\": {\n\"auto\": true,\n\"shortest\": \"2h\",\n\"longest\": \"1h\" } }", 4, "schedule.shortest: it is longer than")]
    [InlineData("{\n\"timeZone\": \"Middle/Earth\" }", 2, "timeZone: this host knows no time zone Middle/Earth")]
    [InlineData("{\n\"retention\": {\n\"keepLast\": 0 } }", 3, "retention.keepLast: '0' is not a number of generations")]
    [InlineData("{\n\"retention\": { \"keepWithin\":\n\"7\" } }", 3, "retention.keepWithin: '7' is not a span of time")]
    [InlineData("{\n\"recovery\": {\n\"onBoot\": \"never\" } }", 3, "recovery.onBoot: it is auto or manual")]
    [InlineData("{\n\"recovery\": {\n\"onCrash\": 0 } }", 3, "recovery.onCrash: '0' is not one of auto, manual, never")]
    [InlineData("{\n\"recovery\": {\n\"attempts\": 101 } }", 3, "recovery.attempts: it is from 1 to 100")]
    [InlineData("{\n\"hooks\": {\n\"before\": [\"true\"] } }", 3, "hooks.before: it is no list of an absolute path")]
    [InlineData("{\n\"hooks\": {\n\"after\": \"/bin/true\" } }", 3, "hooks.after: the value is of another kind")]
    [InlineData("{\n\"alerts\": {\n\"webhook\": \"ftp://x\" } }", 3, "alerts.webhook: it is no http")]
    [InlineData("{\n\"alerts\": {\n\"noGoodGenerationFor\": \"1d\" } }", 3, "alerts.noGoodGenerationFor: neither")]
    [InlineData("{\n\"events\": {\n\"onMemoryPressure\": \"stop\" } }", 3, "events.onMemoryPressure: 'stop' is not one of none, dump")]
    [InlineData("{\n\"rehearse\": {\n\"schedule\": {\n\"cron\": \"daily\" } } }", 4, "rehearse.schedule.cron: ")]
    [InlineData("{\n\"rehearse\": {\n\"schedule\": {\n\"auto\": true } } }", 4, "rehearse.schedule.auto: it is for dumps")]
    [InlineData("{\n\"rehearse\": {\n\"schedule\": {\n\"often\": true } } }", 4, "there is no key rehearse.schedule.often")]
    [InlineData("{\n\"limits\": {\n\"nice\": 20 } }", 3, "limits.nice: it is from 0 to 19")]
    [InlineData("{\n\"limits\": {\n\"cores\": 0 } }", 3, "limits.cores: it is from 1 to 256")]
    [InlineData("{\n\"limits\": {\n\"rate\": \"63K\" } }", 3, "limits.rate: it is 64K at least")]
    [InlineData("{\n\"files\": {\n\"paths\": [\"data\"] } }", 3, "files.paths: 'data' is no absolute path")]
    [InlineData("{\n\"from\": \"other\" }", 2, "from: a policy file cannot build on another")]
    [InlineData("{\n\"tcp\": \"open\" }", 2, "tcp: 'open' is not one of refuse, close, keep")]
    [InlineData("{\n\"schedule\": {},\n\"schedule\": {} }", 3, "schedule is said twice")]
    [InlineData("{\n\"schedule\": {\n", 3, "")]
    [InlineData("\n[]", 2, "")]
    [InlineData("null", 1, "a policy is an object, not null")]
    [InlineData("", 1, "")]
    public void File_ThatIsBad_IsRefusedWithLineAndReason(string text, int line, string reason)
    {
        (PolicyFile? file, IReadOnlyList<PolicyProblem> problems) = PolicyFileReader.Read(_place.Write("bad.json", text));

        Assert.Null(file);
        Assert.Equal(line, problems[0].Line);
        Assert.StartsWith(reason, problems[0].Reason, StringComparison.Ordinal);
        Assert.DoesNotContain("Checkpointer.", problems[0].Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void File_WithSeveralMistakes_TellsAll()
        => Assert.Equal([2, 3], PolicyFileReader.Read(_place.Write("bad.json", "{\n\"recovery\": { \"attempts\": 0 },\n\"timeZone\": \"x\" }")).Problems.Select(problem => problem.Line).Order());

    [Fact]
    public void File_OfRandomBytes_IsRefusedAndNothingElse()
    {
        var random = new Random(3);
        byte[] good = File.ReadAllBytes(RepositoryRoot.File("config", "policies", "long-run.json"));
        string path = _place.Write("fuzz.json", "");
        for (int round = 0; round < 3000; round++)
        {
            byte[] bytes = [.. good];
            for (int change = random.Next(1, 6); change > 0; change--)
            {
                bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            }

            File.WriteAllBytes(path, bytes);
            (PolicyFile? file, IReadOnlyList<PolicyProblem> problems) = PolicyFileReader.Read(path);

            Assert.True(file is null == problems.Count > 0);
        }
    }

    [Fact]
    public void Policies_RememberedWithAJob_AreReadAsTheyWere()
    {
        foreach (string path in Directory.EnumerateFiles(RepositoryRoot.File("config", "policies"), "*.json"))
        {
            JobPolicy policy = PolicyFileReader.Read(path).File!.Policy;
            JobPolicy again = JobPolicy.Of(new Fakes.FakeStore([]).AddJob("md") with { Policy = policy.ToText() });

            Assert.Equal(policy.ToText(), again.ToText());
            Assert.Equivalent(policy, again, strict: true);
        }
    }

    private JobPolicy Read(string text)
    {
        (PolicyFile? file, IReadOnlyList<PolicyProblem> problems) = PolicyFileReader.Read(_place.Write("one.json", text));
        Assert.Empty(problems);
        return file!.Policy;
    }
}
