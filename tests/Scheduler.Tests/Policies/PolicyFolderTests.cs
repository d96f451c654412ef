using Checkpointer.Scheduler.Policies;
using Checkpointer.Scheduler.Schedules;
using Checkpointer.Scheduler.Tests.Fakes;

namespace Checkpointer.Scheduler.Tests.Policies;

public sealed class PolicyFolderTests : IDisposable
{
    private readonly TemporaryDirectory _place = new();
    private int _age;

    public void Dispose() => _place.Dispose();

    [Fact]
    public void Folder_ThatDoesNotExist_HasNoPolicies()
    {
        var policies = new PolicyFolder("/does/not/exist");

        Assert.Empty(policies.Files);
        Assert.Contains("/does/not/exist/x.json does not exist", Assert.Throws<SchedulerException>(() => policies.Named("x")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Resolve_OfAJob_PutsWhatWasSaidOverItsFile()
    {
        Write("base", """{ "schedule": { "cron": "5 4 * * *", "misfire": "skip" }, "retention": { "keepLast": 2, "keepDaily": 7 }, "recovery": { "onBoot": "auto" } }""");
        PolicyFolder policies = Open();
        var said = new JobPolicy
        {
            From = "base",
            Schedule = new ScheduleRules { Every = TimeSpan.FromMinutes(15) },
            Retention = new RetentionRules { KeepLast = 9 },
            Recovery = new RecoveryRules { OnCrash = RecoveryChoice.Auto },
        };

        JobPolicy policy = policies.Resolve(new FakeStore([]).AddJob("md") with { Policy = said.ToText() });

        Assert.Equal("every 15m", policy.ToSchedule("md", TimeZoneInfo.Utc)!.Describe());
        Assert.Equal(MisfireRule.Skip, policy.Schedule!.Misfire);
        Assert.Equal((9, 7), (policy.Retention!.KeepLast, policy.Retention.KeepDaily));
        Assert.Equal((RecoveryChoice.Auto, RecoveryChoice.Auto), (policy.Recovery!.OnBoot, policy.Recovery.OnCrash));
        Assert.Equal("base", policy.From);
    }

    [Fact]
    public void Resolve_OfAJobWithoutAFile_IsWhatWasSaid()
    {
        PolicyFolder policies = Open();
        var said = new JobPolicy { Schedule = new ScheduleRules { Auto = true } };

        Assert.Same(said, policies.Resolve(said));
    }

    [Fact]
    public void Reload_OfAChangedFile_SaysSo()
    {
        Write("one", """{ "schedule": { "every": "1m" } }""");
        PolicyFolder policies = Open();

        Assert.False(policies.Reload());
        Write("one", """{ "schedule": { "every": "2m" } }""");
        Assert.True(policies.Reload());
        Write("two", "{}");
        Assert.True(policies.Reload());

        Assert.Equal(["one", "two"], policies.Files.Select(file => file.Name));
        Assert.Equal(TimeSpan.FromMinutes(2), policies.Named("one").Policy.Schedule!.Every);
    }

    [Fact]
    public void Reload_OfAFileThatBecameBad_KeepsWhatItSaid()
    {
        Write("one", """{ "schedule": { "every": "1m" } }""");
        PolicyFolder policies = Open();

        Write("one", """{ "schedule": { "every": "1x" } }""");
        Assert.True(policies.Reload());

        Assert.Equal(TimeSpan.FromMinutes(1), policies.Named("one").Policy.Schedule!.Every);
        Assert.EndsWith("what it said before still holds", Assert.Single(policies.Problems).ToString(), StringComparison.Ordinal);

        Write("one", """{ "schedule": { "every": "3m" } }""");
        Assert.True(policies.Reload());
        Assert.Empty(policies.Problems);
        Assert.Equal(TimeSpan.FromMinutes(3), policies.Named("one").Policy.Schedule!.Every);
    }

    [Fact]
    public void Reload_OfAFileThatIsGone_KeepsWhatItSaidUntilItIsThereAgain()
    {
        string path = Write("one", """{ "schedule": { "every": "1m" } }""");
        PolicyFolder policies = Open();

        File.Delete(path);
        Assert.True(policies.Reload());
        Assert.False(policies.Reload());

        Assert.Equal(TimeSpan.FromMinutes(1), policies.Named("one").Policy.Schedule!.Every);
        Assert.Contains("was removed", Assert.Single(policies.Problems).Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void Named_OfAFileThatWasAlwaysBad_SaysWhereAndWhy()
    {
        Write("one", "{\n\"sched\": {} }");
        PolicyFolder policies = Open();

        Assert.Contains("one.json:2: there is no key sched", Assert.Throws<SchedulerException>(() => policies.Named("one")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Named_OfAFileThatWasWrittenJustNow_IsThere()
    {
        PolicyFolder policies = Open();

        Write("two", "{}");

        Assert.Equal("two", policies.Named("two").Name);
    }

    private PolicyFolder Open() => new(_place.Path);

    // Each with a time of its own: two writes within a tick of the file system's clock would look like one.
    private string Write(string name, string text)
    {
        string path = _place.Write(name + ".json", text);
        File.SetLastWriteTimeUtc(path, DateTime.UnixEpoch.AddDays(20_000).AddSeconds(_age++));
        return path;
    }
}
