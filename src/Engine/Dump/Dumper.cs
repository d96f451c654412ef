using System.Diagnostics;
using Checkpointer.Engine.Images;
using Checkpointer.Engine.Proc;
using Checkpointer.Engine.Resources;
using Checkpointer.Engine.Support;
using Checkpointer.Engine.Tracing;
using Google.Protobuf;
using Microsoft.Extensions.Logging;

namespace Checkpointer.Engine.Dump;

/// <summary>
/// One dump: preflight, take ahead what can be, freeze, collect, settle pages, capture, thaw, deliver. Precondition: runs on a tracer thread.
/// </summary>
internal sealed class Dumper(EngineOptions options, JobMemory memory, DumpChoices choices, FilePolicy filePolicy, Action<string> step, ILogger logger)
{
    // Below, following a job from before the freeze costs it more than it spares.
    private const long BytesWorthPreparing = 64 << 20;

    // After that, more mappings may be new than it costs to read them all again.
    private static readonly TimeSpan _longAhead = TimeSpan.FromMilliseconds(100);

    /// <summary>Dumps a job to the sink.</summary>
    public DumpReport Dump(JobScope scope, ICheckpointSink sink, IProgress<long>? bytesDone, bool stops, CancellationToken cancellation)
    {
        try
        {
            return DumpOrThrow(scope, sink, bytesDone, stops, cancellation);
        }
        catch
        {
            memory.LetConnectionsGo();
            throw;
        }
    }

    private DumpReport DumpOrThrow(JobScope scope, ICheckpointSink sink, IProgress<long>? bytesDone, bool stops, CancellationToken cancellation)
    {
        Leftovers.EndOrphans(scope);
        var preflight = new Preflight(choices);
        var report = preflight.Examine(scope);
        var first = new ProcessId(report.Pid);
        if (preflight.Files.OpenFiles.Any(file => file.Socket?.Tcp is not null))
        {
            ConnectionLock.RemoveLeft(first);
        }

        var notes = Accept(report);
        Rehearsal.Once(options);
        cancellation.ThrowIfCancellationRequested();
        memory.HugePages.Note(preflight.Vmas);
        var pace = new Pace(options.BytesPerSecond, cancellation);
        using var contents = new OpenContents(new PacedSink(sink, pace));
        memory.BeginDump(sink.HasBase);
        if (stops && choices.Tcp == TcpChoice.Keep)
        {
            memory.Hold(new ConnectionLock(first));
        }

        using var files = new FileCapture(first, memory.Files, filePolicy, step);
        var precopy = new Precopy(options, memory, step);
        var freezeTime = Prepare(scope, preflight, report.PopulatedBytes, precopy, files, contents, cancellation);
        using var capture = new Capture(options, step, logger);
        capture.Reserve(memory.WaitingBytes + precopy.LeftBytes);
        var mapped = MappedForWriting(preflight.Vmas.Values);
        pace.IsSuspended = true;
        using var job = new Freezer(options, step).Freeze(scope, preflight.Vmas);
        var root = job.Processes[0].Id;
        var identity = ProcFs.IdentityOf(root) ?? throw new EngineException(EngineFailure.NoSuchProcess, $"Process {root} has ended.");
        using var state = new FrozenState(preflight.Identities, preflight.Examined, choices, scope, memory.Connections, step);
        var threads = job.Processes.Sum(process => process.Threads.Count);
        job.Examine(() =>
        {
            state.Collect(job);
            state.Findings.ThrowIfRefused();
            mapped.UnionWith(MappedForWriting(job.Processes.Select(process => process.Vmas)));
            files.Settle(state.Files, state.Objects, mapped, job.Processes.Any(process => process.Vmas.Any(AioRings.IsOf)));
            files.Findings.ThrowIfRefused();
            precopy.Confirm([.. job.Processes.Select(process => process.Id)], state.Files);
            state.SettlePages(job, memory);
            capture.Take(state.Sources, contents);
        });
        step("thaw");
        freezeTime += job.Thaw();
        DumpLog.Thawed(logger, root.Value, job.Processes.Count, threads, freezeTime.TotalMilliseconds);
        pace.IsSuspended = false;
        state.CollectSurroundings();
        step("deliver");
        RequireSameFlags(job);
        BackgroundThread.Run($"store {root}", options.Nice, () =>
        {
            files.Deliver(contents, cancellation);
            sink.PutImage(ImageVersion.FileContents, files.Image.ToByteArray());
            foreach (var (name, image) in state.Images)
            {
                sink.PutImage(name, image.ToByteArray());
            }

            var start = Stopwatch.GetTimestamp();
            capture.Deliver(contents, bytesDone, cancellation);
            memory.Rate.Note(state.Sources.Sum(source => source.Take.Bytes), Stopwatch.GetElapsedTime(start));
        });
        return new DumpReport(
            identity,
            state.Sources.Any(source => source.Continues) ? "incremental" : "full",
            state.Trackers,
            capture.Name,
            freezeTime,
            capture.CloneTime,
            job.Processes.Count,
            threads,
            state.Sources.Sum(source => source.PopulatedBytes),
            state.Sources.Sum(source => source.DirtyBytes),
            [.. notes.Union(state.Findings.Notes).Union(files.Findings.Notes).Union(capture.Notes).Union(NotesOf(job))]);
    }

    private static List<Finding> Accept(PreflightReport report)
    {
        var findings = report.Findings.ToLookup(finding => finding.Severity);
        return findings.Contains(FindingSeverity.Refusal)
            ? throw new UnsupportedResourceException([.. findings[FindingSeverity.Refusal]])
            : [.. findings[FindingSeverity.Note]];
    }

    private static IEnumerable<Finding> NotesOf(FrozenJob job) => job.Processes.Where(process => !process.HadRoadHome).Select(process => new Finding(
        process.Id.Value,
        "injection",
        $"Process {process.Id} has no code or no stack that system calls could return through: had checkpointer been killed in the few microseconds of "
            + "mapping or unmapping its page, the process would have crashed.",
        FindingSeverity.Note));

    /// <summary>Does ahead of the freeze what can be done beside the job. A large job that is not followed yet is frozen for a moment to begin it.</summary>
    /// <returns>The time that it was frozen for.</returns>
    private TimeSpan Prepare(
        JobScope scope, Preflight preflight, long populatedBytes, Precopy precopy, FileCapture files, OpenContents contents, CancellationToken cancellation)
    {
        BackgroundThread.Run($"take files ahead {scope}", options.Nice, () => files.TakeAhead(preflight.Files, preflight.Objects, contents, cancellation));
        var freezeTime = TimeSpan.Zero;
        List<ProcessId> processes = [.. preflight.Vmas.Keys];
        if (processes.Any(process => memory.Find(process) is null))
        {
            if (populatedBytes < BytesWorthPreparing || !Tracking.TrackerChoice.IsLive(options.WriteProtect))
            {
                files.CatchUp(contents, cancellation);
                return freezeTime;
            }

            step("begin to follow");
            freezeTime = Follow(scope, preflight);
        }

        var start = Stopwatch.GetTimestamp();
        BackgroundThread.Run($"take ahead {scope}", options.Nice, () => precopy.Run(processes, preflight.Files, contents, cancellation));
        if (Stopwatch.GetElapsedTime(start) > _longAhead)
        {
            preflight.RefreshMappings();
        }

        files.CatchUp(contents, cancellation);
        return freezeTime;
    }

    /// <summary>Inodes of files that may be written without a system call.</summary>
    private static HashSet<ulong> MappedForWriting(IEnumerable<IReadOnlyList<Vma>> processes) =>
        [.. processes.SelectMany(vmas => vmas).Where(vma => vma.IsShared && vma.Inode != 0 && (vma.Writable || vma.VmFlags.HasFlag(VmaFlags.MayWrite))).Select(vma => vma.Inode)];

    private TimeSpan Follow(JobScope scope, Preflight preflight)
    {
        using var job = new Freezer(options, step).Freeze(scope, preflight.Vmas);
        foreach (var process in job.Processes.Where(process => memory.Find(process.Id) is null))
        {
            process.OpenGate();
            memory.Follow(process).Watch(PrivateMappings.Of(process.Vmas));
        }

        return job.Thaw();
    }

    /// <summary>The flags of mappings were read before the freeze. Those that differ now may have differed in it.</summary>
    private static void RequireSameFlags(FrozenJob job)
    {
        foreach (var process in job.Processes)
        {
            if (ProcFs.TrySmaps(process.Id) is { } now && VmaFlagMemory.FindChanged(process.Vmas, now) is { } changed)
            {
                throw new EngineException(
                    EngineFailure.TimedOut,
                    $"Process {process.Id} changed the advice or lock of its memory at 0x{changed.Start:x} while it was being dumped.",
                    "dump it again");
            }
        }
    }
}
