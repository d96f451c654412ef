using System.Text;
using Checkpointer.Scheduler.Upkeep;

namespace Checkpointer.Scheduler.Metrics;

/// <summary>
/// What the service counts and measures, in the text format of Prometheus. Told by whoever does the work; what is a state and no event (ages, sizes) is set just before
/// it is read. May be used from several threads.
/// </summary>
internal sealed class ServiceMetrics
{
    /// <summary>The media type of <see cref="ToText"/>.</summary>
    public const string ContentType = "text/plain; version=0.0.4; charset=utf-8";

    /// <summary>From a small job with few changes to one that is copied whole: 1 ms to about a minute.</summary>
    private static readonly double[] _freezeBounds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

    /// <summary>From a small job to one of a terabyte on a slow disk: 0.1 s to 4 hours.</summary>
    private static readonly double[] _workBounds = [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1800, 3600, 14400];

    private readonly Histogram _freeze = new("checkpointer_freeze_seconds", "How long a job stood still for a dump", _freezeBounds, "job");
    private readonly Histogram _dump = new("checkpointer_dump_seconds", "How long a dump took from begin to commit", _workBounds, "job");
    private readonly Histogram _restore = new("checkpointer_restore_seconds", "How long a restore took", _workBounds, "job");
    private readonly Values _dumps = Values.Counter("checkpointer_dumps_total", "Dumps by how they ended", "job", "outcome");
    private readonly Values _restores = Values.Counter("checkpointer_restores_total", "Restores by how they ended", "job", "outcome");
    private readonly Values _dirty = Values.Counter("checkpointer_dirty_bytes_total", "Bytes that dumps handed to the store", "job");
    private readonly Values _stored = Values.Counter("checkpointer_new_bytes_total", "Bytes by which dumps made the store grow", "job");
    private readonly Values _missed = Values.Counter("checkpointer_missed_schedules_total", "Due times that passed without a dump of their own", "job");
    private readonly Values _crashes = Values.Counter("checkpointer_crashes_total", "Ends of jobs that nobody asked for", "job");
    private readonly Values _damages = Values.Gauge("checkpointer_damaged_generations", "Generations that the last verify which looked at them found spoiled", "job");
    private readonly Values _rehearsals = Values.Counter("checkpointer_rehearsals_total", "Rehearsals of a restore, by what came of them", "job", "outcome");
    private readonly Values _lastSuccess = Values.Gauge("checkpointer_last_success_timestamp_seconds", "When the newest good generation was begun, seconds since 1970", "job");
    private readonly Values _age = Values.Gauge("checkpointer_last_success_age_seconds", "How old the newest good generation is", "job");
    private readonly Values _running = Values.Gauge("checkpointer_job_running", "1 while the job runs", "job");
    private readonly Values _generations = Values.Gauge("checkpointer_generations", "Generations of a job in the store", "job");
    private readonly Values _storeBytes = Values.Gauge("checkpointer_store_bytes", "Size of the store's packs");
    private readonly Values _indexBytes = Values.Gauge("checkpointer_store_index_bytes", "Size of the store's index");
    private readonly Values _freeBytes = Values.Gauge("checkpointer_store_free_bytes", "Free space of the file system that the store is on");
    private readonly Values _jobs = Values.Gauge("checkpointer_jobs", "Jobs under our care");
    private readonly Values _up = Values.Gauge("checkpointer_start_timestamp_seconds", "When the service was started, seconds since 1970");
    private readonly Values _upkeep = Values.Counter("checkpointer_upkeep_runs_total", "What the service did for its store, by how it ended", "work", "outcome");
    private readonly Values _upkeepAt = Values.Gauge("checkpointer_upkeep_last_success_timestamp_seconds", "When upkeep that went well was begun last, seconds since 1970", "work");
    private readonly Values _verifyFailures = Values.Counter("checkpointer_verify_failures_total", "Scheduled verifies that found damage, or could not be done");
    private readonly MetricFamily[] _ofJobs;
    private readonly MetricFamily[] _all;
    private volatile string[] _seen = [];

    /// <summary>Nothing happened yet.</summary>
    /// <param name="startedAt">When the service was started.</param>
    public ServiceMetrics(DateTimeOffset startedAt)
    {
        _ofJobs = [_freeze, _dump, _restore, _dumps, _restores, _dirty, _stored, _missed, _crashes, _rehearsals, _damages, _lastSuccess, _age, _running, _generations];
        _all = [.. _ofJobs, _storeBytes, _indexBytes, _freeBytes, _upkeep, _upkeepAt, _verifyFailures, _jobs, _up];
        _up.Set(Seconds(startedAt));
        _verifyFailures.Add(0); // so that the first one is an increase
    }

    /// <summary>Names of all metrics.</summary>
    public IEnumerable<string> Names => _all.Select(family => family.Name);

    /// <summary>A generation was committed.</summary>
    public void Dumped(string job, DumpMeasures measures)
    {
        _dumps.Add(1, job, "ok");
        _freeze.Observe(measures.Freeze.TotalSeconds, job);
        _dump.Observe(measures.Duration.TotalSeconds, job);
        _dirty.Add(measures.DirtyBytes, job);
        _stored.Add(measures.NewBytes, job);
    }

    /// <summary>A dump failed or was refused.</summary>
    public void DumpFailed(string job) => _dumps.Add(1, job, "failed");

    /// <summary>A job was restored.</summary>
    public void Restored(string job, TimeSpan duration)
    {
        _restores.Add(1, job, "ok");
        _restore.Observe(duration.TotalSeconds, job);
    }

    /// <summary>A restore failed.</summary>
    public void RestoreFailed(string job) => _restores.Add(1, job, "failed");

    /// <summary>Due times passed without a dump of their own.</summary>
    public void Missed(string job, long times) => _missed.Add(times, job);

    /// <summary>It was tried whether a job would come back.</summary>
    public void Rehearsed(string job, string outcome) => _rehearsals.Add(1, job, outcome);

    /// <summary>Upkeep was done.</summary>
    public void UpkeepDone(string work, string outcome, DateTimeOffset at)
    {
        _upkeep.Add(1, work, outcome);
        if (outcome == UpkeepRecord.Ok)
        {
            _upkeepAt.Set(Seconds(at), work);
        }
        else if (work == UpkeepWork.Verify)
        {
            _verifyFailures.Add(1);
        }
    }

    /// <summary>A job ended and nobody asked for it.</summary>
    public void Crashed(string job) => _crashes.Add(1, job);

    /// <summary>Sets what is so now. Jobs that are not there any more lose their values.</summary>
    public void Observe(ServiceState state, DateTimeOffset now)
    {
        foreach (string gone in _seen.Except(state.Jobs.Select(job => job.Name)).ToArray())
        {
            Forget(gone);
        }

        _seen = [.. state.Jobs.Select(job => job.Name)];
        _jobs.Set(state.Jobs.Count);
        _storeBytes.Set(state.StoreBytes);
        _indexBytes.Set(state.IndexBytes);
        _freeBytes.Set(state.FreeBytes);
        foreach (JobState job in state.Jobs)
        {
            _running.Set(job.IsRunning ? 1 : 0, job.Name);
            _generations.Set(job.Generations, job.Name);
            _damages.Set(job.Damaged, job.Name);
            if (job.NewestGoodAt is { } newest)
            {
                _lastSuccess.Set(Seconds(newest), job.Name);
                _age.Set((now - newest).TotalSeconds, job.Name);
            }
        }
    }

    /// <summary>All metrics.</summary>
    public string ToText()
    {
        var text = new StringBuilder();
        Array.ForEach(_all, family => family.WriteTo(text));
        return text.ToString();
    }

    private void Forget(string job) => Array.ForEach(_ofJobs, family => family.Remove(job));

    private static double Seconds(DateTimeOffset time) => time.ToUnixTimeMilliseconds() / 1000.0;
}

/// <summary>What a dump took.</summary>
/// <param name="Freeze">How long the job stood still.</param>
/// <param name="Duration">From begin to commit.</param>
/// <param name="DirtyBytes">What was handed to the store.</param>
/// <param name="NewBytes">By how much the store grew.</param>
internal sealed record DumpMeasures(TimeSpan Freeze, TimeSpan Duration, long DirtyBytes, long NewBytes);

/// <summary>What is so at a moment.</summary>
/// <param name="Jobs">The jobs under our care.</param>
/// <param name="StoreBytes">Size of the packs.</param>
/// <param name="IndexBytes">Size of the index.</param>
/// <param name="FreeBytes">Free space beside them.</param>
internal sealed record ServiceState(IReadOnlyList<JobState> Jobs, long StoreBytes, long IndexBytes, long FreeBytes);

/// <summary>What is so of one job.</summary>
/// <param name="Name">Its name.</param>
/// <param name="IsRunning">Whether it runs.</param>
/// <param name="Generations">How many generations there are.</param>
/// <param name="Damaged">How many of them are known to be damaged.</param>
/// <param name="NewestGoodAt">When the newest good one was begun; null for none.</param>
/// <param name="Since">When it came under our care.</param>
internal sealed record JobState(string Name, bool IsRunning, int Generations, int Damaged, DateTimeOffset? NewestGoodAt, DateTimeOffset Since);
