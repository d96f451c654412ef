using Checkpointer.Scheduler.Alerts;
using Checkpointer.Scheduler.Metrics;
using Checkpointer.Scheduler.Policies;
using Checkpointer.Scheduler.Tests.Fakes;
using Checkpointer.Scheduler.Upkeep;
using Checkpointer.Store;

namespace Checkpointer.Scheduler.Tests.Alerts;

public sealed class AlerterTests : IDisposable
{
    private readonly List<string> _sent = [];
    private readonly TemporaryDirectory _place = new();
    private Alerter _alerter;
    private AlertRules? _rules = new() { Command = ["/bin/true"], NoGoodGenerationFor = TimeSpan.FromHours(1) };

    public AlerterTests() => _alerter = OfAService();

    public void Dispose() => _place.Dispose();

    [Fact]
    public void Failure_ThatAnEarlierServiceTold_IsNotToldAgain_AndItsEndIs()
    {
        _alerter.DumpFailed("md", "the disk is full");
        _alerter.Look([new JobState("md", true, 0, 0, null, FakeStore.Epoch.AddHours(-2))]);
        _sent.Clear();

        _alerter = OfAService();
        _alerter.DumpFailed("md", "the disk is full");
        _alerter.Look([new JobState("md", true, 0, 0, null, FakeStore.Epoch.AddHours(-2))]);
        Assert.Empty(_sent);
        _alerter.Dumped(Generation());
        _alerter = OfAService();
        _alerter.Dumped(Generation());

        Assert.Equal(["success_after_failure: dumps of job md work again: md/7"], _sent);
    }

    [Fact]
    public void SpoiledGenerations_AreToldOnce_UntilThereAreNone()
    {
        _alerter.Sound("md");
        _alerter.Spoiled("md", "md/3");
        _alerter.Spoiled("md", "md/3");
        _alerter.Sound("md");

        Assert.Equal(["failure: a verify found generations of job md bad: md/3", "success_after_failure: no generation of job md is known to be bad any more"], _sent);
    }

    [Fact]
    public void Failures_AreToldOnce_AndTheFirstSuccessAfterThem()
    {
        _alerter.Dumped(Generation());
        _alerter.DumpFailed("md", "the disk is full");
        _alerter.DumpFailed("md", "the disk is full");
        _alerter.Dumped(Generation());
        _alerter.Dumped(Generation());

        Assert.Equal(["failure: a dump of job md failed: the disk is full", "success_after_failure: dumps of job md work again: md/7"], _sent);
    }

    [Fact]
    public void Crash_IsToldOnceUntilTheJobIsBack()
    {
        _alerter.Crashed("md", "signal 9");
        _alerter.RecoveryFailed("md", "PID 4711 is taken");
        _alerter.Recovered(new GenerationName("md", 7), TimeSpan.FromSeconds(1));
        _alerter.Crashed("md", "signal 9");

        Assert.Equal(["failure: job md ended: signal 9", "success_after_failure: job md runs again, from md/7", "failure: job md ended: signal 9"], _sent);
    }

    [Fact]
    public void WhatThePolicyDoesNotWant_IsNotTold()
    {
        _rules = _rules! with { OnFailure = false, OnSuccessAfterFailure = false };
        _alerter.DumpFailed("md", "x");
        _alerter.Dumped(Generation());
        _rules = null;
        _alerter.DumpFailed("md", "x");
        _alerter.Look([new JobState("md", true, 0, 0, null, FakeStore.Epoch.AddDays(-1))]);

        Assert.Empty(_sent);
    }

    [Fact]
    public void OldGeneration_OfAJobThatRuns_IsToldOnceUntilThereIsANewOne()
    {
        JobState old = new("md", true, 3, 0, FakeStore.Epoch.AddHours(-1.1), FakeStore.Epoch.AddDays(-1));
        _alerter.Look([old with { NewestGoodAt = FakeStore.Epoch.AddMinutes(-59) }, old with { Name = "gone", IsRunning = false }]);
        Assert.Empty(_sent);

        _alerter.Look([old]);
        _alerter.Look([old]);
        _alerter.Dumped(Generation());
        _alerter.Look([old]);

        Assert.Equal(2, _sent.Count);
        Assert.StartsWith("no_good_generation: job md runs and has had no good generation for 1h: the newest was begun at ", _sent[0], StringComparison.Ordinal);
    }

    [Fact]
    public void JobWithoutAnyGeneration_CountsFromItsRegistration()
    {
        _alerter.Look([new JobState("md", true, 0, 0, null, FakeStore.Epoch.AddHours(-2))]);

        Assert.EndsWith("for 1h: it has none", Assert.Single(_sent), StringComparison.Ordinal);
    }

    private static GenerationRecord Generation()
        => new(new GenerationName("md", 7), FakeStore.Epoch, TimeSpan.FromSeconds(1), 1000, new GenerationSummary("full", "compare", "copy", 1, 1, 1, 10, 10));

    private Alerter OfAService() => new(
        _ => _rules, (_, alert) => _sent.Add($"{AlertBody.Word(alert.Kind)}: {alert.Message}"), new ServiceMemory(_place.Path, (_, _) => { }), new SteppingTime());
}
