using Checkpointer.Scheduler.Alerts;
using Checkpointer.Scheduler.Control;
using Checkpointer.Scheduler.Jobs;
using Checkpointer.Scheduler.Metrics;
using Checkpointer.Scheduler.Policies;
using Checkpointer.Scheduler.Status;
using Checkpointer.Scheduler.Upkeep;
using Checkpointer.Store;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Logging;

namespace Checkpointer.Scheduler.Daemon;

/// <summary>Tells people and programs how jobs are: metrics, alerts, the status page.</summary>
internal sealed class Reporting : IAsyncDisposable
{
    /// <summary>On the page, of each job: a day of one every five minutes.</summary>
    private const int GenerationsShown = 300;

    /// <summary>Often enough for alerts about hours.</summary>
    private static readonly TimeSpan _lookEvery = TimeSpan.FromSeconds(30);

    /// <summary>Sums go over all chunks, which takes seconds in a store of terabytes, while dumps wait for the index.</summary>
    private static readonly TimeSpan _sumEvery = TimeSpan.FromMinutes(10);

    private readonly IJobStore _store;
    private readonly PolicyFolder _policies;
    private readonly StatusSettings _settings;
    private readonly ILoggerFactory _loggers;
    private readonly ILogger _log;
    private readonly TimeProvider _time;
    private readonly HttpClient _http = new();
    private readonly ServiceMetrics _metrics;
    private readonly Alerter _alerter;
    private readonly AlertSender _sender;
    private readonly Lock _summing = new();
    private (StoreStatistics Sums, DateTimeOffset At)? _sums;
    private JobRoster? _roster;
    private WebApplication? _page;

    /// <summary>Tells nobody yet.</summary>
    public Reporting(IJobStore store, PolicyFolder policies, ICommandRunner commands, StatusSettings settings, ILoggerFactory loggers, TimeProvider time)
    {
        _store = store;
        _policies = policies;
        _settings = settings;
        _loggers = loggers;
        _log = loggers.CreateLogger("Checkpointer.Reporting");
        _time = time;
        _metrics = new ServiceMetrics(time.GetUtcNow());
        Memory = new ServiceMemory(store.Directory, (failure, file) => DaemonLog.MemoryLost(_log, failure, file));
        _sender = new AlertSender(commands, _http, time, (alert, why) => DaemonLog.AlertLost(_log, alert.Job, alert.Message, why));
        _alerter = new Alerter(RulesOf, _sender.Send, Memory, time);
        Observers = [new MetricsObserver(_metrics), _alerter];
    }

    /// <summary>To be told what happens to jobs.</summary>
    public IReadOnlyList<IJobObserver> Observers { get; }

    /// <summary>What the service knows beyond its own end.</summary>
    public ServiceMemory Memory { get; }

    /// <summary>Counts an upkeep.</summary>
    public void UpkeepDone(string work, UpkeepRecord record) => _metrics.UpkeepDone(work, record.Outcome, record.At);

    /// <summary>Adds the metrics to the control socket, for administrators: they name all jobs.</summary>
    public void Map(IEndpointRouteBuilder routes, IJobEngine engine) => routes.MapGet("/metrics", context =>
    {
        if (!Peer.Of(context, engine).IsAdministrator)
        {
            context.Response.StatusCode = StatusCodes.Status403Forbidden;
            return context.Response.WriteAsync("only root may read metrics\n", context.RequestAborted);
        }

        context.Response.ContentType = ServiceMetrics.ContentType;
        return context.Response.WriteAsync(MetricsText(), context.RequestAborted);
    });

    /// <summary>Shows the page, where it is wanted.</summary>
    /// <exception cref="SchedulerException">It cannot listen there.</exception>
    public async Task StartAsync(JobRoster roster)
    {
        _roster = roster;
        if (_settings.EndPoint is { } endPoint)
        {
            _page = await new StatusServer(StatusToken.Of(_store.Directory), Describe, MetricsText).StartAsync(endPoint, _loggers);
            DaemonLog.StatusServes(_log, endPoint.ToString(), Path.Combine(_store.Directory, StatusToken.FileName));
        }
    }

    /// <summary>Tells until cancelled.</summary>
    public async Task RunAsync(CancellationToken stopping)
    {
        try
        {
            await Task.WhenAll(_sender.RunAsync(stopping), LookAsync(stopping));
        }
        catch (OperationCanceledException)
        {
            // The service ends.
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_page is not null)
        {
            await _page.DisposeAsync();
        }

        _http.Dispose();
    }

    private async Task LookAsync(CancellationToken stopping)
    {
        using var timer = new PeriodicTimer(_lookEvery, _time);
        while (await timer.WaitForNextTickAsync(stopping))
        {
            try
            {
                Memory.Keep(_store.Jobs().Select(job => job.Name).ToHashSet());
                _alerter.Look(States());
            }
            catch (StoreException failure)
            {
                DaemonLog.NotReported(_log, failure);
            }
        }
    }

    private AlertRules? RulesOf(string job)
    {
        try
        {
            return _policies.Resolve(_store.Job(job)).Alerts;
        }
        catch (Exception failure) when (CareParts.IsExpected(failure))
        {
            DaemonLog.NotReported(_log, failure);
            return null;
        }
    }

    private string MetricsText()
    {
        StoreStatistics sums = Sums();
        _metrics.Observe(new ServiceState([.. States()], sums.StoredBytes, sums.IndexBytes, FreeBytes()), _time.GetUtcNow());
        return _metrics.ToText();
    }

    private IEnumerable<JobState> States() => Registered().Select(job =>
    {
        IReadOnlyList<GenerationRecord> generations = _store.Generations(job.Name);
        return new JobState(
            job.Name, StateOf(job).Root is not null, generations.Count, generations.Count(one => one.IsDamaged), NewestGood(generations), job.RegisteredAt);
    });

    private Overview Describe()
    {
        StoreStatistics sums = Sums();
        var store = new StoreOverview(_store.Directory, sums.Generations, sums.LogicalBytes, sums.PlainBytes, sums.StoredBytes, sums.IndexBytes, FreeBytes());
        return new Overview(_time.GetUtcNow(), store, [.. Registered().Select(Describe)]);
    }

    private JobOverview Describe(JobRecord job)
    {
        IReadOnlyList<GenerationRecord> generations = _store.Generations(job.Name);
        CareState state = StateOf(job);
        return new JobOverview(
            job.Name, state.Word, ScheduleOf(job), state.NextDump, NewestGood(generations), job.Command,
            [.. generations.TakeLast(GenerationsShown).Select(GenerationOverview.From)]);
    }

    private IEnumerable<JobRecord> Registered() => _store.Jobs().Where(job => job.IsRegistered);

    private CareState StateOf(JobRecord job) => _roster?.Of(job.Name).State ?? CareState.Unknown;

    private string? ScheduleOf(JobRecord job)
    {
        try
        {
            return _policies.Resolve(job).ToSchedule(job.Name, _time.LocalTimeZone)?.Describe();
        }
        catch (SchedulerException bad)
        {
            return $"none: {bad.Message}";
        }
    }

    private static DateTimeOffset? NewestGood(IReadOnlyList<GenerationRecord> generations) => generations.LastOrDefault(one => !one.IsDamaged)?.CreatedAt;

    private long FreeBytes() => new DriveInfo(_store.Directory).AvailableFreeSpace;

    private StoreStatistics Sums()
    {
        lock (_summing)
        {
            DateTimeOffset now = _time.GetUtcNow();
            if (_sums is not { } known || now - known.At >= _sumEvery || known.At > now)
            {
                _sums = known = (_store.Statistics(), now);
            }

            return known.Sums;
        }
    }
}
