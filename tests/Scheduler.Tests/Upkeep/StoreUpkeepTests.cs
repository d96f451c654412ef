using Checkpointer.Scheduler.Daemon;
using Checkpointer.Scheduler.Policies;
using Checkpointer.Scheduler.Tests.Fakes;
using Checkpointer.Scheduler.Upkeep;
using Checkpointer.Store;
using Microsoft.Extensions.Logging.Abstractions;

namespace Checkpointer.Scheduler.Tests.Upkeep;

/// <summary>What the service does for its store, with time and store in hand.</summary>
[Trait("kind", "unit")]
public sealed class StoreUpkeepTests : IDisposable
{
    private const string VerifyKey = "upkeep verify";
    private const string CollectKey = "upkeep gc";

    private readonly List<string> _journal = [];
    private readonly FakeTimers _timers = new();
    private readonly ManualTime _time = new();
    private readonly FakeStore _store;
    private readonly TemporaryDirectory _place = new();
    private readonly DumpSlots _dumps = new(2);
    private readonly DumpSlots _restores = new(1);
    private readonly PolicyFolder _policies = new("/nowhere");
    private readonly CancellationTokenSource _stopping = new();
    private readonly List<(string Work, string Outcome)> _done = [];
    private readonly CareParts _parts;

    public StoreUpkeepTests()
    {
        _store = new FakeStore(_journal);
        _store.AddJob("md");
        _parts = new CareParts(
            new FakeEngine(_journal), _store, _policies, new FakeEnds(), _timers, _dumps, _restores, _time, NullLogger.Instance, _stopping.Token);
    }

    public void Dispose()
    {
        _store.Dispose();
        _dumps.Dispose();
        _restores.Dispose();
        _stopping.Dispose();
        _place.Dispose();
    }

    [Fact]
    public async Task Verify_IsDoneByItsSchedule_ReadsAShare_AndIsRemembered()
    {
        using StoreUpkeep upkeep = Upkeep();
        await upkeep.StartAsync();
        Assert.Equal(At(3, 0, day: 3), _timers.Armed[VerifyKey].Due); // begun on the second at 3:04:05

        _time.Advance(TimeSpan.FromDays(1));
        await _timers.FireAsync(VerifyKey);

        Assert.Contains("verify all 0.1429 at 67108864", _journal);
        Assert.Equal([("verify", "ok")], _done);
        Assert.Equal(At(3, 0, day: 4), _timers.Armed[VerifyKey].Due);
        UpkeepState state = upkeep.States[0];
        Assert.Equal(("verify", "calendar 3:00", "ok", _time.GetUtcNow()), (state.Work, state.Schedule, state.Last!.Outcome, state.Last.LastOk));
        using StoreUpkeep next = Upkeep(); // another service
        Assert.Equal(state.Last, next.States[0].Last);
    }

    [Fact]
    public async Task Verify_ThatWasMissed_IsDoneByTheNextService()
    {
        using (StoreUpkeep upkeep = Upkeep())
        {
            await upkeep.StartAsync();
            _time.Advance(TimeSpan.FromDays(1));
            await _timers.FireAsync(VerifyKey);
        }

        _time.Advance(TimeSpan.FromDays(3));
        using StoreUpkeep next = Upkeep();
        await next.StartAsync();

        Assert.True(_timers.Armed[VerifyKey].Due < _time.GetUtcNow());
    }

    [Fact]
    public async Task Damage_IsTold_ToTheJobWhoseItIs_AndThatItIsGone()
    {
        _store.AddJob("other", 4712);
        GenerationName spoiled = _store.AddGeneration("md");
        _store.AddGeneration("other");
        _store.Spoil(spoiled);
        var alerts = new Heard();
        using StoreUpkeep upkeep = Upkeep(_parts with { Observers = [alerts] });
        await upkeep.StartAsync();

        await _timers.FireAsync(VerifyKey);
        _store.Damages.Clear();
        await _timers.FireAsync(VerifyKey);

        Assert.Equal([("verify", "failed"), ("verify", "ok")], _done);
        Assert.Equal(["spoiled md", "sound other", "sound md", "sound other"], alerts.Told);
        Assert.Equal(("damaged", 1L), (_store.Happened.Single().Kind, _store.Happened.Single().Generation!.Value));
        Assert.Contains("md/1", _store.Happened.Single().Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Garbage_IsCollectedOnceAtTheStart_ThenOnlyWhereSomethingWasForgotten()
    {
        using StoreUpkeep upkeep = Upkeep();
        await upkeep.StartAsync();

        await _timers.FireAsync(CollectKey);
        await _timers.FireAsync(CollectKey);
        Assert.Single(_journal, entry => entry.StartsWith("collect", StringComparison.Ordinal));

        upkeep.NoteGarbage();
        await _timers.FireAsync(CollectKey);
        Assert.Equal(2, _journal.Count(entry => entry.StartsWith("collect", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Never_IsNever()
    {
        using StoreUpkeep upkeep = Upkeep(options: new UpkeepOptions { VerifySchedule = "never", CollectSchedule = "never" });
        await upkeep.StartAsync();

        Assert.Empty(_timers.Armed);
        Assert.All(upkeep.States, state => Assert.Null(state.Next));
    }

    [Fact]
    public async Task Courtesy_WaitsForDumps_ButNotForEver()
    {
        var courtesy = new Courtesy(_dumps, TimeProvider.System, CancellationToken.None);
        var patient = new Courtesy(_dumps, new ManualTime(), CancellationToken.None); // its patience never ends
        courtesy.Report(1); // nobody dumps
        patient.Report(1);
        using var mayEnd = new ManualResetEventSlim();
        Task<bool> dump = _dumps.RunAsync(() => mayEnd.Wait(TimeSpan.FromSeconds(60)), CancellationToken.None);
        while (_dumps.Taken == 0)
        {
            await Task.Yield();
        }

        long begun = TimeProvider.System.GetTimestamp();
        courtesy.Report(1 + Courtesy.PieceBytes);
        TimeSpan waited = TimeProvider.System.GetElapsedTime(begun);
        await Task.Run(() => patient.Report(2)).WaitAsync(TimeSpan.FromSeconds(60)); // of the same piece
        Task held = Task.Run(() => patient.Report(1 + Courtesy.PieceBytes));
        Assert.False(held.IsCompleted);
        mayEnd.Set();
        Assert.True(await dump);
        await held.WaitAsync(TimeSpan.FromSeconds(60));

        Assert.InRange(waited, Courtesy.Patience, TimeSpan.FromSeconds(30));
    }

    [Theory]
    [InlineData("every 6h", null)]
    [InlineData("cron 0 3 * * *", null)]
    [InlineData("calendar Sun 4:00", null)]
    [InlineData("never", null)]
    [InlineData("daily", "'daily' is no schedule")]
    [InlineData("every night", "'night' is no duration")]
    [InlineData("cron 61 * * * *", "61")]
    [InlineData("calendar Fri..Mon", "no range of weekdays")]
    public void Schedules_OfOptions_AreChecked(string text, string? expected)
    {
        var options = new UpkeepOptions { VerifySchedule = text };

        string said = string.Join(' ', options.Validate(new System.ComponentModel.DataAnnotations.ValidationContext(options)).Select(result => result.ErrorMessage));

        Assert.Contains(expected ?? "", said, StringComparison.Ordinal);
        Assert.Equal(expected is null, said.Length == 0);
    }

    private static DateTimeOffset At(int hour, int minute, int day) => new(2026, 1, day, hour, minute, 0, TimeSpan.Zero);

    private StoreUpkeep Upkeep(CareParts? parts = null, UpkeepOptions? options = null)
        => new(parts ?? _parts, options ?? new UpkeepOptions(), new ServiceMemory(_place.Path, (_, _) => { }), (work, record) => _done.Add((work, record.Outcome)));

    /// <summary>What observers are told.</summary>
    private sealed class Heard : Checkpointer.Scheduler.Jobs.IJobObserver
    {
        public List<string> Told { get; } = [];

        public void Dumped(GenerationRecord generation) => Told.Add("dumped");

        public void DumpFailed(string job, string why) => Told.Add("failed");

        public void Crashed(string job, string how) => Told.Add("crashed");

        public void Recovered(GenerationName generation, TimeSpan duration) => Told.Add("recovered");

        public void Missed(string job, int times) => Told.Add("missed");

        public void Spoiled(string job, string why) => Told.Add($"spoiled {job}");

        public void Sound(string job) => Told.Add($"sound {job}");

        public void Rehearsed(string job, string outcome, string detail) => Told.Add($"{outcome} {job}");

        public void RecoveryFailed(string job, string why) => Told.Add("recovery failed");
    }
}
