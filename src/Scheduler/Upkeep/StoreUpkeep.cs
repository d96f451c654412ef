using System.Globalization;
using Checkpointer.Scheduler.Daemon;
using Checkpointer.Scheduler.Policies;
using Checkpointer.Scheduler.Schedules;
using Checkpointer.Store;

namespace Checkpointer.Scheduler.Upkeep;

/// <summary>
/// What the service does for its store by schedules: proves a share of it, and gives space back. One thing at a time, out of the way of dumps (<see cref="Courtesy"/>). What came
/// of it is remembered, logged, counted, and told to those whose jobs it concerns.
/// </summary>
/// <param name="parts">What it works with.</param>
/// <param name="options">Its options.</param>
/// <param name="memory">Where it remembers.</param>
/// <param name="done">Told of each when it is done.</param>
internal sealed class StoreUpkeep(CareParts parts, UpkeepOptions options, ServiceMemory memory, Action<string, UpkeepRecord> done) : IDisposable
{
    /// <summary>At half dead, each byte that is freed costs one that is copied.</summary>
    private static readonly CollectOptions _collection = new(IsDryRun: false, RepackShare: 0.5, Wait: TimeSpan.FromMinutes(10));

    /// <summary>One thread, so that the others are free for whoever dumps.</summary>
    private const int VerifyWorkers = 1;

    private readonly SemaphoreSlim _turn = new(1, 1);
    private readonly DateTimeOffset _since = parts.Time.GetUtcNow();
    private UpkeepWork[]? _works;
    private volatile string? _underWay;

    // Whoever forgot generations before us did not tell.
    private int _hasGarbage = 1;

    private UpkeepWork[] Works => _works ??=
    [
        new(UpkeepWork.Verify, Read(options.VerifySchedule), Verify),
        new(UpkeepWork.Collect, Read(options.CollectSchedule), Collect),
    ];

    /// <summary>How it stands.</summary>
    public IReadOnlyList<UpkeepState> States =>
        [.. Works.Select(work => new UpkeepState(work.Name, work.Schedule?.Describe() ?? "never", memory.Upkeep(work.Name), Next(work), _underWay == work.Name))];

    /// <summary>Sets the timers.</summary>
    public Task StartAsync() => Task.WhenAll(Works.Select(ArmAsync));

    /// <summary>Generations were forgotten: there may be garbage.</summary>
    public void NoteGarbage() => Interlocked.Exchange(ref _hasGarbage, 1);

    /// <summary>Waits until nothing is under way. The service's end has cancelled it by then.</summary>
    public async Task EndAsync()
    {
        await _turn.WaitAsync();
        _turn.Release();
    }

    /// <inheritdoc/>
    public void Dispose() => _turn.Dispose();

    private ISchedule? Read(string schedule) => ScheduleText.Read(schedule, parts.Store.Directory, parts.Time.LocalTimeZone);

    private DateTimeOffset? Next(UpkeepWork work)
        => work.Schedule?.Next(new ScheduleMoment(parts.Time.GetUtcNow(), memory.Upkeep(work.Name)?.At ?? _since));

    private Task ArmAsync(UpkeepWork work) => Next(work) is { } due ? parts.Timers.ArmAsync($"upkeep {work.Name}", due, () => IsDueAsync(work)) : Task.CompletedTask;

    private async Task IsDueAsync(UpkeepWork work)
    {
        try
        {
            await _turn.WaitAsync(parts.Stopping);
            try
            {
                _underWay = work.Name;
                await Task.Factory.StartNew(() => Run(work), parts.Stopping, TaskCreationOptions.LongRunning, TaskScheduler.Default);
            }
            finally
            {
                _underWay = null;
                _turn.Release();
            }

            await ArmAsync(work);
        }
        catch (OperationCanceledException)
        {
            // The service ends. The next one finds it due still.
        }
        catch (Exception defect) when (defect is not OutOfMemoryException)
        {
            DaemonLog.Failed(parts.Log, defect, "*", work.Name);
        }
    }

    private void Run(UpkeepWork work)
    {
        DateTimeOffset begun = parts.Time.GetUtcNow();
        (bool isGood, string detail) = RunOrTell(work);
        DateTimeOffset? lastOk = isGood ? begun : memory.Upkeep(work.Name)?.LastOk;
        var record = new UpkeepRecord(begun, isGood ? UpkeepRecord.Ok : UpkeepRecord.Failed, detail, lastOk);
        memory.Remember(work.Name, record);
        DaemonLog.UpkeepDone(parts.Log, work.Name, record.Outcome, detail);
        done(work.Name, record);
    }

    private (bool IsGood, string Detail) RunOrTell(UpkeepWork work)
    {
        try
        {
            return work.Run(parts.Stopping);
        }
        catch (Exception failure) when (CareParts.IsExpected(failure))
        {
            DaemonLog.Failed(parts.Log, failure, "*", work.Name);
            return (false, failure.Message);
        }
    }

    private (bool IsGood, string Detail) Verify(CancellationToken cancellation)
    {
        var verify = new VerifyOptions(null, options.Share, options.VerifyBytesPerSecond > 0 ? options.VerifyBytesPerSecond : null, VerifyWorkers);
        VerifyReport report = parts.Store.VerifyWith(verify, new Courtesy(parts.Slots, parts.Time, cancellation), cancellation);
        parts.History.Verified([.. parts.Store.Jobs().Select(job => job.Name)], report);
        string read = string.Create(CultureInfo.InvariantCulture, $"{report.Packs} pack(s), {report.Bytes} bytes");
        return report.Damages.Count == 0
            ? (true, $"{read}: all good")
            : (false, string.Create(CultureInfo.InvariantCulture, $"{read}: {report.Damages.Count} place(s) are bad, first {report.Damages[0].Where}: {report.Damages[0].What}"));
    }

    private (bool IsGood, string Detail) Collect(CancellationToken cancellation)
    {
        if (Interlocked.Exchange(ref _hasGarbage, 0) == 0)
        {
            return (true, "no generation was forgotten");
        }

        try
        {
            CollectReport report = parts.Store.Collect(_collection, new Courtesy(parts.Slots, parts.Time, cancellation), cancellation);
            return (report.DamagedPacks.Count == 0, string.Create(
                CultureInfo.InvariantCulture, $"{report.FreedBytes} bytes were given back{(report.DamagedPacks.Count > 0 ? $"; pack(s) that cannot be read stay: {string.Join(", ", report.DamagedPacks)}" : "")}"));
        }
        catch
        {
            NoteGarbage();
            throw;
        }
    }
}
