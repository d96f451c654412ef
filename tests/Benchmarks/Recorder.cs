using System.Diagnostics;
using Checkpointer.EndToEnd.Tests.Interop;
using Checkpointer.EndToEnd.Tests.Support;
using Checkpointer.Engine;
using Checkpointer.Engine.Support;
using Checkpointer.Scheduler.Composition;
using Checkpointer.Scheduler.Jobs;
using Checkpointer.Store;
using Microsoft.Extensions.Logging.Abstractions;

namespace Checkpointer.Benchmarks;

/// <summary>What one generation cost.</summary>
/// <param name="Freeze">Freeze time as the engine measured it.</param>
/// <param name="Cloning">The part of it that clone(2) took.</param>
/// <param name="Gap">Longest time for which the job saw itself stand still during the dump; scheduling is in it.</param>
/// <param name="Duration">From begin to commit, durable.</param>
/// <param name="Dirty">Bytes that went to the store.</param>
/// <param name="Populated">Memory of the job, bytes.</param>
/// <param name="Grown">Bytes by which the files of the store grew.</param>
/// <param name="Processor">Processor time that we used.</param>
/// <param name="Kind">Kind, tracker and capture.</param>
internal sealed record Cost(
    TimeSpan Freeze, TimeSpan Cloning, TimeSpan Gap, TimeSpan Duration, long Dirty, long Populated, long Grown, TimeSpan Processor, string Kind);

/// <summary>Takes generations of a job into a store of its own on disk, as the command line does. The store is removed at disposal.</summary>
internal sealed class Recorder : IDisposable
{
    private const string JobName = "job";
    private readonly Job _job;
    private readonly string _directory;
    private readonly LocalStore _store;
    private readonly LocalEngine _engine;
    private readonly JobRecord _record;
    private readonly ProcessIdentity _root;
    private JobDumper _dumper;
    private GenerationName _last;

    public Recorder(Place place, Job job, EngineOptions options, bool isEncrypted = false)
    {
        _job = job;
        _directory = place.NewStore();
        var keyFile = isEncrypted ? place.NewKeyFile() : "";
        _store = new LocalStore(() => CheckpointStore.OpenOrCreate(_directory, new StoreOptions { KeyFile = keyFile }, NullLoggerFactory.Instance));
        _engine = new LocalEngine(new CheckpointEngine(options, NullLoggerFactory.Instance));
        _root = _engine.Identify(new ProcessId(job.Pid)) ?? throw new InvalidOperationException("the job is gone");
        _record = new JobRecord(
            JobName, job.Pid, _root.StartTicks, _root.BootId, "benchmark", TimeProvider.System.GetUtcNow(), IsRegistered: true);
        _store.Register(_record);
        _dumper = NewDumper();
    }

    /// <summary>The options of a dump that freezes the job, copies all of its memory and lets it go on: what there is without all that is measured here.</summary>
    public static EngineOptions StopAndCopy => new()
    {
        Capture = CaptureChoice.Copy,
        Precopy = false,
        WriteProtect = false,
        CopyBudgetBytes = 1L << 40, // into memory, never to the disk: that would be slower still
    };

    /// <summary>The next generation is a first one again.</summary>
    public void Restart()
    {
        _dumper.Dispose();
        _dumper = NewDumper();
    }

    /// <summary>Takes one generation.</summary>
    public Cost Take()
    {
        var before = StoreBytes();
        var processor = Environment.CpuUsage.TotalTime;
        var begun = Stopwatch.GetTimestamp();
        var outcome = _dumper.Dump(0, stops: false, CancellationToken.None);
        var ended = Stopwatch.GetTimestamp();
        _last = outcome.Generation.Name;
        return new Cost(
            outcome.Report.FreezeTime,
            outcome.Report.CloneTime,
            _job.LongestGap(begun, ended),
            outcome.Generation.Duration,
            outcome.Report.DirtyBytes,
            outcome.Report.PopulatedBytes,
            StoreBytes() - before,
            Environment.CpuUsage.TotalTime - processor,
            $"{outcome.Report.Kind}, {outcome.Report.Tracker}, {outcome.Report.Capture}");
    }

    /// <summary>Kills the job and restores the last generation, which ends the recording.</summary>
    /// <returns>How long the restore took, without verifying the generation first.</returns>
    public TimeSpan KillAndRestore()
    {
        _dumper.Stop();
        _dumper.Dispose();
        Wait.Until(HasNoChildren, TimeSpan.FromMinutes(1), () => "the killed job is still there");
        using var generation = _store.OpenGeneration(_last);
        var begun = Stopwatch.GetTimestamp();
        _ = _engine.Restore(generation, "benchmark", restoredBytesDone: null, RestoreChoices.Default, built: _ => { }, CancellationToken.None);
        return Stopwatch.GetElapsedTime(begun);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _dumper.Dispose();
        _store.Dispose();
        Directory.Delete(_directory, recursive: true);
    }

    private JobDumper NewDumper() => new(_engine, _store, new Silent(), _record, _root, DumpChoices.Default);

    /// <summary>True when all that was ours has ended and is reaped: orphans of the job come to us.</summary>
    private static bool HasNoChildren()
    {
        Child.ReapAll();
        return Directory.EnumerateDirectories("/proc/self/task").All(thread => File.ReadAllText(Path.Combine(thread, "children")).Length == 0);
    }

    private long StoreBytes() =>
        new DirectoryInfo(_directory).EnumerateFiles("*", SearchOption.AllDirectories).Sum(file => file.Length);

    private sealed class Silent : IProgressDisplay
    {
        public IProgressTask Start(string label, long totalBytes) => new Task();

        private sealed class Task : IProgressTask
        {
            public void Report(long value)
            {
            }

            public void Dispose()
            {
            }
        }
    }
}
