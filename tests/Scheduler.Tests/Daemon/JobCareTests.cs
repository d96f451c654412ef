using Checkpointer.Engine;
using Checkpointer.Engine.Support;
using Checkpointer.Scheduler.Daemon;
using Checkpointer.Scheduler.Jobs;
using Checkpointer.Scheduler.Policies;
using Checkpointer.Scheduler.Tests.Fakes;
using Checkpointer.Scheduler.Upkeep;
using Microsoft.Extensions.Logging.Abstractions;

namespace Checkpointer.Scheduler.Tests.Daemon;

/// <summary>The care of one job, with time, processes and store in hand.</summary>
[Trait("kind", "unit")]
public sealed class JobCareTests : IDisposable
{
    private const string Name = "md";
    private const string DumpKey = "dump md";
    private const string RecoveryKey = "recover md";
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(30);

    private readonly List<string> _journal = [];
    private readonly FakeTimers _timers = new();
    private readonly FakeEnds _ends = new();
    private readonly ManualTime _time = new();
    private readonly FakeEngine _engine;
    private readonly FakeStore _store;
    private readonly PolicyFolder _policies = new("/nowhere");
    private readonly DumpSlots _dumps = new(1);
    private readonly DumpSlots _restores = new(1);
    private readonly JobCare _care;
    private readonly ProcessIdentity _root;

    public JobCareTests()
    {
        _engine = new FakeEngine(_journal);
        _store = new FakeStore(_journal);
        _root = _engine.Start(4711);
        _engine.Start(Environment.ProcessId);
        _store.AddJob(Name);
        _care = new JobCare(Name, new CareParts(_engine, _store, _policies, _ends, _timers, _dumps, _restores, _time, NullLogger.Instance, CancellationToken.None));
    }

    private IEnumerable<string> Kinds => _store.Events(Name, int.MaxValue).Select(happened => happened.Kind);

    public void Dispose()
    {
        _care.Dispose();
        _store.Dispose();
        _dumps.Dispose();
        _restores.Dispose();
    }

    [Fact]
    public async Task JobWithoutASchedule_IsWatchedAndNotDumped()
    {
        await _care.LookAsync();

        Assert.Equal(CareState.Running, _care.State.Word);
        Assert.True(_ends.IsWatched(_root));
        Assert.Empty(_timers.Armed);
    }

    [Fact]
    public async Task DueDump_IsTaken_AndTheNextIsIncremental()
    {
        Say(new JobPolicy { Schedule = Every(TimeSpan.FromSeconds(2)), Retention = new RetentionRules { KeepLast = 2 } });
        await _care.LookAsync();

        for (int dump = 0; dump < 3; dump++)
        {
            _time.Advance(TimeSpan.FromSeconds(3));
            await _timers.FireAsync(DumpKey);
        }

        Assert.Equal(["dumped", "dumped", "dumped"], Kinds);
        Assert.Equal(["full", "incremental", "incremental"], _store.Happened.Select(happened => happened.Detail.Split(',')[0]));
        Assert.Equal([2L, 3L], _store.Generations(Name).Select(generation => generation.Name.Number));
        Assert.True(_timers.Armed[DumpKey].Due > _time.GetUtcNow());
    }

    [Fact]
    public async Task DumpsThatTakeLongerThanTheirInterval_NeverOverlap_AndAreNotMadeUpFor()
    {
        Say(new JobPolicy { Schedule = Every(TimeSpan.FromSeconds(2)) });
        await _care.LookAsync();
        using var mayGoOn = new SemaphoreSlim(0);
        int underWay = 0;
        int most = 0;
        _engine.DuringDump = () =>
        {
            most = Math.Max(most, Interlocked.Increment(ref underWay));
            Assert.True(mayGoOn.Wait(_patience));
            _time.Advance(TimeSpan.FromSeconds(5));
            Interlocked.Decrement(ref underWay);
        };

        _time.Advance(TimeSpan.FromSeconds(3));
        Func<Task> due = _timers.Armed[DumpKey].Fired;
        Task[] triggers = [due(), due(), due(), due()];
        mayGoOn.Release(10);
        await Task.WhenAll(triggers).WaitAsync(_patience);

        // The first trigger dumps for 5 s; what was due meanwhile is one more dump, and so on: one for each trigger at most, one after the other.
        Assert.Equal(1, most);
        Assert.InRange(Kinds.Count(kind => kind == "dumped"), 1, 4);
        Assert.All(_store.Happened, happened => Assert.Equal("dumped", happened.Kind));
    }

    /// <summary>Dumps and looks of the same period may fall together for ever.</summary>
    [Fact]
    public async Task LooksDuringADump_AreOneLookAfterIt()
    {
        await _care.LookAsync();
        using var isDumping = new SemaphoreSlim(0);
        using var mayGoOn = new SemaphoreSlim(0);
        _engine.DuringDump = () =>
        {
            isDumping.Release();
            Assert.True(mayGoOn.Wait(_patience));
        };
        Task dump = _care.DumpAsync(choices: null, stops: false, CancellationToken.None);
        Assert.True(await isDumping.WaitAsync(_patience));

        Task[] looks = [_care.LookWhenIdleAsync(), _care.LookWhenIdleAsync(), _care.LookWhenIdleAsync()];

        Assert.Equal([false, true, true], looks.Select(look => look.IsCompleted));
        _store.SetPaused(Name, true); // beside the service
        mayGoOn.Release();
        await Task.WhenAll([dump, .. looks]).WaitAsync(_patience);
        Assert.Equal(CareState.Paused, _care.State.Word);
        _store.SetPaused(Name, false);
        await _care.LookWhenIdleAsync(); // none waits any more
        Assert.Equal(CareState.Running, _care.State.Word);
    }

    [Fact]
    public async Task FailedDump_IsWrittenDown_AndTheNextIsDueAllTheSame()
    {
        Say(new JobPolicy { Schedule = Every(TimeSpan.FromSeconds(2)) });
        await _care.LookAsync();
        _engine.DuringDump = () => throw new EngineException(EngineFailure.TimedOut, "a thread did not stop");

        _time.Advance(TimeSpan.FromSeconds(3));
        await _timers.FireAsync(DumpKey);

        Assert.Equal(["dump_failed"], Kinds);
        Assert.Contains(DumpKey, _timers.Armed.Keys);
        Assert.Equal(0, _dumps.Taken);
    }

    [Theory]
    [InlineData(0, null, "finished")]
    [InlineData(7, null, "failed")]
    [InlineData(null, 9, "killed")]
    [InlineData(null, null, "vanished")]
    public async Task EndOfAJobWithoutRecovery_IsToldApart(int? code, int? signal, string kind)
    {
        _store.AddGeneration(Name);
        await _care.LookAsync();

        await EndAsync(_root, new ProcessEnd(code, signal), () => _care.State.Word == kind && _care.IsOver);

        Assert.Equal([kind], Kinds);
        Assert.Equal(kind == "finished" ? "finished" : "", _store.Job(Name).Outcome);
        Assert.DoesNotContain(_journal, entry => entry.StartsWith("restore", StringComparison.Ordinal));
        Assert.Equal(new ProcessEnd(code, signal), _care.State.LastEnd);
    }

    [Fact]
    public async Task CrashedJob_IsRestoredAtOnce_AndFollowed()
    {
        Say(new JobPolicy { Recovery = new RecoveryRules { OnCrash = RecoveryChoice.Auto } });
        _store.AddGeneration(Name);
        await _care.LookAsync();

        await EndAsync(_root, new ProcessEnd(null, 9), () => Kinds.Contains("recovered") && _care.State.Word == CareState.Running);

        Assert.Equal(["killed", "recovered"], Kinds);
        Assert.True(_ends.IsWatched(_engine.Alive[4711]));
        Assert.Empty(_store.Leased);
    }

    [Fact]
    public async Task PausedJob_IsNotRestored_UntilItIsResumed()
    {
        Say(new JobPolicy { Recovery = new RecoveryRules { OnCrash = RecoveryChoice.Auto } });
        _store.AddGeneration(Name);
        await _care.LookAsync();
        await _care.SetPausedAsync(true);

        await EndAsync(_root, new ProcessEnd(null, 9), () => _care.State.Word == "killed");
        Assert.Equal(["paused", "killed"], Kinds);

        await _care.SetPausedAsync(false);
        Assert.Equal(CareState.Running, _care.State.Word);
        Assert.Contains("recovered", Kinds);
    }

    [Fact]
    public async Task GenerationThatFails_IsTriedAgainLater_ThenTheOlderOne_ThenItGivesUp()
    {
        Say(new JobPolicy { Recovery = new RecoveryRules { OnCrash = RecoveryChoice.Auto, Attempts = 2, BackOff = TimeSpan.FromSeconds(10) } });
        _store.AddGeneration(Name);
        _store.AddGeneration(Name);
        _engine.DuringRestore = _ => throw new EngineException(EngineFailure.PidTaken, "PID 4711 is bash");
        await _care.LookAsync();

        await EndAsync(_root, new ProcessEnd(null, 11), () => _timers.Armed.ContainsKey(RecoveryKey));
        Assert.Equal(_time.GetUtcNow() + TimeSpan.FromSeconds(10), _timers.Armed[RecoveryKey].Due, TimeSpan.FromSeconds(1));
        await _care.LookAsync(); // looks in between change nothing
        await _timers.FireAsync(RecoveryKey);

        // The second failure of the newest leads to the older one at once, whose second attempt waits.
        Assert.Equal([2L, 2L, 1L], _store.Happened.Where(happened => happened.Kind == "recovery_failed").Select(happened => happened.Generation!.Value));
        await _timers.FireAsync(RecoveryKey);

        Assert.Equal("gave_up", Kinds.Last());
        Assert.Equal("gave_up", _store.Job(Name).Outcome);
        Assert.True(_care.IsOver);
    }

    [Fact]
    public async Task PidThatNobodyHasReaped_IsWaitedFor_AndCountsAgainstNothing()
    {
        Say(new JobPolicy { Recovery = new RecoveryRules { OnCrash = RecoveryChoice.Auto, Attempts = 1 } });
        _store.AddGeneration(Name);
        _engine.DuringRestore = _ => throw new EngineException(EngineFailure.PidUnreaped, "PID 4711 is taken by the ended process 4711", "end process 1234");
        await _care.LookAsync();

        await EndAsync(_root, new ProcessEnd(null, 9), () => _timers.Armed.ContainsKey(RecoveryKey));
        for (int look = 0; look < 3; look++)
        {
            await _timers.FireAsync(RecoveryKey);
        }

        Assert.Equal(["killed", "recovery_waits"], Kinds);
        Assert.Contains("end process 1234", _store.Happened[^1].Detail, StringComparison.Ordinal);
        Assert.Equal(CareState.Waiting, _care.State.Word);
        _engine.DuringRestore = _ => { };
        await _timers.FireAsync(RecoveryKey);
        Assert.Equal("recovered", Kinds.Last());
    }

    [Fact]
    public async Task PidThatNobodyEverReaps_IsAFailureInTheEnd()
    {
        Say(new JobPolicy { Recovery = new RecoveryRules { OnCrash = RecoveryChoice.Auto, Attempts = 1 } });
        _store.AddGeneration(Name);
        _engine.DuringRestore = _ => throw new EngineException(EngineFailure.PidUnreaped, "PID 4711 is taken by the ended process 4711");
        await _care.LookAsync();
        await EndAsync(_root, new ProcessEnd(null, 9), () => _timers.Armed.ContainsKey(RecoveryKey));

        _time.Advance(TimeSpan.FromMinutes(11));
        await _timers.FireAsync(RecoveryKey);

        Assert.Equal(["killed", "recovery_waits", "recovery_failed", "gave_up"], Kinds);
    }

    [Fact]
    public async Task MemoryPressure_IsOneDump_AndNotAnotherSoon()
    {
        Say(new JobPolicy { Events = new EventRules { OnMemoryPressure = PressureChoice.Dump } });
        var pressure = new FakePressure();
        using var care = new JobCare(
            Name, new CareParts(_engine, _store, _policies, _ends, _timers, _dumps, _restores, _time, NullLogger.Instance, CancellationToken.None) { Pressure = pressure });
        await care.LookAsync();

        pressure.Watched[Name]();
        await UntilAsync(() => Kinds.Contains("dumped"));
        pressure.Watched[Name]();
        await care.LookAsync();
        await UntilAsync(() => care.State.Word == CareState.Running);
        Assert.Equal(["memory_pressure", "dumped"], Kinds);

        _time.Advance(TimeSpan.FromMinutes(2));
        pressure.Watched[Name]();
        await UntilAsync(() => Kinds.Count(kind => kind == "dumped") == 2);
        await care.SetPausedAsync(true);
        Assert.Empty(pressure.Watched);
    }

    [Fact]
    public async Task Rehearsal_IsDoneByItsSchedule_AndARecoveryEndsIt()
    {
        using var slots = new DumpSlots(1);
        using var place = new TemporaryDirectory();
        Say(new JobPolicy
        {
            Recovery = new RecoveryRules { OnCrash = RecoveryChoice.Auto },
            Rehearse = new RehearseRules { Schedule = new ScheduleRules { Every = TimeSpan.FromHours(1), Jitter = TimeSpan.Zero } },
        });
        _store.AddGeneration(Name);
        var parts = new CareParts(_engine, _store, _policies, _ends, _timers, _dumps, _restores, _time, NullLogger.Instance, CancellationToken.None)
        {
            Rehearsals = slots,
            Memory = new ServiceMemory(place.Path, (_, _) => { }),
        };
        using var care = new JobCare(Name, parts);
        await care.LookAsync();
        Assert.InRange(_timers.Armed["rehearse md"].Due, FakeStore.Epoch, FakeStore.Epoch.AddHours(1.5));

        await _timers.FireAsync("rehearse md");
        Assert.Equal(["rehearsed"], Kinds);
        Assert.Equal("proven", parts.Memory.Rehearsal(Name)!.Outcome);

        // One that takes long: the job crashes meanwhile.
        using var begun = new ManualResetEventSlim();
        bool isEnded = false;
        _engine.DuringRehearsal = cancellation =>
        {
            begun.Set();
            Assert.True(cancellation.WaitHandle.WaitOne(_patience));
            isEnded = true;
        };
        _engine.DuringRestore = _ => Assert.True(isEnded);
        await care.LookAsync();
        Task rehearsal = Task.Run(() => _timers.FireAsync("rehearse md"));
        Assert.True(begun.Wait(_patience));
        await EndAsync(_root, new ProcessEnd(null, 9), () => Kinds.Contains("recovered"));
        await rehearsal.WaitAsync(_patience);

        Assert.Equal(["rehearsed", "killed", "recovered"], Kinds);
    }

    [Fact]
    public async Task JobThatCrashesSoonAfterItCameBack_CountsAgainstItsGeneration()
    {
        Say(new JobPolicy { Recovery = new RecoveryRules { OnCrash = RecoveryChoice.Auto, Attempts = 1, Grace = TimeSpan.FromMinutes(5) } });
        _store.AddGeneration(Name);
        _store.AddGeneration(Name);
        await _care.LookAsync();

        await EndAsync(_root, new ProcessEnd(null, 11), () => Kinds.Contains("recovered") && _care.State.Word == CareState.Running);
        ProcessIdentity back = _engine.Alive[4711];
        await EndAsync(back, new ProcessEnd(null, 11), () => Kinds.Count(kind => kind == "recovered") == 2 && _care.State.Word == CareState.Running);

        Assert.Equal([2L, 1L], _store.Happened.Where(happened => happened.Kind == "recovered").Select(happened => happened.Generation!.Value));
    }

    [Fact]
    public async Task JobThatEndsAsSoonAsItIsRestored_HasFinished()
    {
        Say(new JobPolicy { Recovery = new RecoveryRules { OnCrash = RecoveryChoice.Auto } });
        _store.AddGeneration(Name);
        await _care.LookAsync();
        _engine.AfterRestore = root =>
        {
            _ends.End(root, new ProcessEnd(0, null));
            return false;
        };

        await EndAsync(_root, new ProcessEnd(null, 9), () => _care.State.Word == "finished" && _care.IsOver);

        Assert.Equal(["killed", "recovered", "finished"], Kinds);
        Assert.Equal("finished", _store.Job(Name).Outcome);
    }

    [Fact]
    public async Task RestoreThatFailsLate_IsNotTakenForACrash()
    {
        Say(new JobPolicy { Recovery = new RecoveryRules { OnCrash = RecoveryChoice.Auto, Attempts = 1 } });
        _store.AddGeneration(Name);
        await _care.LookAsync();
        ProcessIdentity? built = null;
        _engine.AfterRestore = root =>
        {
            built = root;
            throw new EngineException(EngineFailure.Failed, "a thread did not go on");
        };

        await EndAsync(_root, new ProcessEnd(null, 9), () => _care.State.Word == "gave_up");

        Assert.Equal(["killed", "recovery_failed", "gave_up"], Kinds);
        Assert.False(_ends.IsWatched(built!));
    }

    [Fact]
    public async Task JobThatIsGoneAtTheStart_IsRecoveredByTheRuleOfItsBoot()
    {
        Say(new JobPolicy { Recovery = new RecoveryRules { OnBoot = RecoveryChoice.Auto, OnCrash = RecoveryChoice.Manual } });
        _store.AddGeneration(Name);
        _engine.Alive.Remove(4711);

        await _care.LookAsync();
        Assert.Equal(["vanished"], Kinds);

        _store.Replace(Name, job => job with { BootId = "an earlier one" });
        await _care.LookAsync();
        Assert.Equal(["vanished", "recovered"], Kinds);
    }

    [Theory]
    [InlineData(true, null, 15)]
    [InlineData(false, null, 15)]
    [InlineData(true, 0, null)]
    public async Task JobThatEndsWhileTheHostGoesDown_IsLeftToTheNextBoot(bool isCrashRepaired, int? code, int? signal)
    {
        Say(new JobPolicy { Recovery = new RecoveryRules { OnBoot = RecoveryChoice.Auto, OnCrash = isCrashRepaired ? RecoveryChoice.Auto : RecoveryChoice.Never } });
        _store.AddGeneration(Name);
        var system = new FakeSystem { IsStopping = true };
        using var care = new JobCare(
            Name, new CareParts(_engine, _store, _policies, _ends, _timers, _dumps, _restores, _time, NullLogger.Instance, CancellationToken.None) { Commands = system });
        await care.LookAsync();

        await EndAsync(_root, new ProcessEnd(code, signal), () => care.State.Word == "interrupted");
        await care.LookAsync();
        Assert.Equal(["interrupted"], Kinds);

        system.IsStopping = false;
        _store.Replace(Name, job => job with { BootId = "an earlier one" });
        await care.LookAsync();
        Assert.Equal(["interrupted", "recovered"], Kinds);
    }

    [Fact]
    public async Task StoppedJob_IsNotRecovered()
    {
        Say(new JobPolicy { Recovery = new RecoveryRules { OnCrash = RecoveryChoice.Auto } });
        await _care.LookAsync();

        await _care.DumpAsync(choices: null, stops: true, CancellationToken.None);
        await EndAsync(_root, new ProcessEnd(null, 9), () => _care.State.Word == "stopped");

        Assert.Equal(["dumped", "stopped"], Kinds);
        Assert.Equal("stopped", _store.Job(Name).Outcome);
        Assert.DoesNotContain(_journal, entry => entry.StartsWith("restore", StringComparison.Ordinal));
    }

    private static async Task UntilAsync(Func<bool> isDone)
    {
        using var patience = new CancellationTokenSource(_patience);
        while (!isDone())
        {
            patience.Token.ThrowIfCancellationRequested();
            await Task.Yield();
        }
    }

    private sealed class FakePressure : IPressure
    {
        public Dictionary<string, Action> Watched { get; } = [];

        public void Watch(string job, ProcessIdentity root, Action pressed) => Watched[job] = pressed;

        public void Forget(string job) => Watched.Remove(job);
    }

    /// <summary>What systemd says of itself.</summary>
    private sealed class FakeSystem : ICommandRunner
    {
        public bool IsStopping { get; set; }

        public Task<ProcessEnd?> RunAsync(IReadOnlyList<string> command, IReadOnlyDictionary<string, string> variables, TimeSpan limit)
            => Task.FromResult<ProcessEnd?>(new ProcessEnd(IsStopping ? 0 : 1, null));
    }

    private static ScheduleRules Every(TimeSpan interval) => new() { Every = interval, Jitter = TimeSpan.Zero };

    private void Say(JobPolicy policy) => _store.Replace(Name, job => job with { Policy = policy.ToText() });

    private async Task EndAsync(ProcessIdentity process, ProcessEnd how, Func<bool> isDone)
    {
        _engine.Alive.Remove(process.Pid.Value);
        _ends.End(process, how);
        await UntilAsync(isDone);
    }
}
