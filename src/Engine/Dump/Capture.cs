using System.Diagnostics;
using Checkpointer.Engine.Proc;
using Checkpointer.Engine.Support;
using Checkpointer.Engine.Tracing;
using Microsoft.Extensions.Logging;

namespace Checkpointer.Engine.Dump;

/// <summary>
/// Takes pages inside the freeze, each process's the cheaper way: copied now, or read after the thaw from a stopped clone that holds them as of
/// now. Shared memory, and what a clone does not inherit, is always copied.
/// </summary>
internal sealed class Capture(EngineOptions options, Action<string> step, ILogger logger) : IDisposable
{
    // Measured on 2-core virtual machines with Linux 6.18, rounded against the clone, which also costs the job a fault per page it writes.
    private const double CopyNanosecondsPerByte = 0.25;
    private const double CopyNanosecondsPerRange = 1500;

    // Of what was not reserved: the kernel has to find and clear each page first, and its host may have to, too.
    private const double FreshNanosecondsPerByte = 0.75;
    private const double CloneNanosecondsPerByte = 0.025;
    private const double CloneNanoseconds = 2e6;

    // More is rather read from a clone.
    private const long ReserveBytesMax = 64 << 20;

    // OOM_SCORE_ADJ_MAX, proc_pid_oom_score_adj(5).
    private const string FirstToGo = "1000";

    // Known before the freeze: /proc/meminfo is not to be read in it.
    private readonly long _budget = CopyBudget.Of(options);
    private readonly CopyBuffer _copied = new();
    private readonly List<(CaptureSource Source, ProcessCopy Copy)> _clones = [];
    private readonly List<CaptureSource> _sources = [];

    /// <summary>Name for reports: <c>clone</c> where any page is read from one, else <c>copy</c>.</summary>
    public string Name => _clones.Count > 0 ? "clone" : "copy";

    /// <summary>What clone(2) took.</summary>
    public TimeSpan CloneTime { get; private set; }

    /// <summary>What is said of the dump when it could not go as it should.</summary>
    public List<Finding> Notes { get; } = [];

    /// <summary>Asks for the memory that copying will probably need, before the freeze.</summary>
    public void Reserve(long bytes) => _copied.Reserve(Math.Min(Math.Min(bytes, ReserveBytesMax), _budget));

    /// <summary>Takes the pages. Runs inside the freeze, with the gates of all processes open.</summary>
    public void Take(IReadOnlyList<CaptureSource> sources, OpenContents contents)
    {
        _sources.AddRange(sources);
        var bytesToCopy = sources.Sum(source => source.Take.Bytes);
        foreach (var source in sources.OrderByDescending(source => source.Take.Bytes))
        {
            if (IsCloneBetter(source, bytesToCopy > _budget) && TryClone(source))
            {
                bytesToCopy -= source.Take.Bytes - source.Unforked.Bytes;
                _copied.Add(source, source.Unforked, _budget);
                continue;
            }

            _copied.Add(source, source.Take, _budget);
        }

        step("copy pages");
        _copied.Copy();
        if (_copied.BytesOver > 0)
        {
            CaptureLog.OverBudget(logger, _copied.BytesOver, _budget);
            _copied.HandOverRest(contents);
        }
    }

    /// <summary>Hands everything to the sink. Runs beside the job.</summary>
    public void Deliver(OpenContents contents, IProgress<long>? bytesDone, CancellationToken cancellation)
    {
        var done = _copied.BytesOver;
        void Delivered(int bytes) => bytesDone?.Report(done += bytes);
        foreach (var source in _sources)
        {
            var content = contents.Of(source.ContentName, source.Continues);
            foreach (var range in source.Stale.Ranges)
            {
                content.Clear(range.Start, range.Bytes);
            }
        }

        _copied.Deliver(contents, Delivered, cancellation);
        foreach (var (_, copy) in _clones)
        {
            // When memory runs out, the clone goes first: then this dump fails and the job runs on.
            File.WriteAllText(ProcFs.PathOf(copy.Id, "oom_score_adj"), FirstToGo);
        }

        foreach (var (source, copy) in _clones)
        {
            PageStream.Write(
                new MemoryReader(copy.Memory), source.Take.Except(source.Unforked), contents.Of(source.ContentName, source.Continues), Delivered, cancellation);
        }
    }

    /// <summary>Kills the clones and has them reaped. Precondition: on the tracer thread that took them.</summary>
    public void Dispose()
    {
        foreach (var (_, copy) in _clones)
        {
            copy.Dispose();
        }

        _clones.Clear();
        _copied.Dispose();
    }

    private bool IsCloneBetter(CaptureSource source, bool isOverBudget)
    {
        if (source.Process is null || source.Take.IsEmpty || options.Capture == CaptureChoice.Copy)
        {
            return false;
        }

        var fresh = Math.Max(0, source.Take.Bytes - ReserveBytesMax);
        var copy = (source.Take.Bytes * CopyNanosecondsPerByte) + (fresh * FreshNanosecondsPerByte) + (source.Take.Ranges.Count * CopyNanosecondsPerRange);
        var clone = (source.PopulatedBytes * CloneNanosecondsPerByte) + CloneNanoseconds;
        return isOverBudget || options.Capture == CaptureChoice.Clone || clone < copy;
    }

    private bool TryClone(CaptureSource source)
    {
        var process = source.Process!;
        step($"clone {process.Id}");
        if (CloneRoom.WhyNot(process.Id, source) is { } reason)
        {
            return Refused(process.Id, reason);
        }

        var start = Stopwatch.GetTimestamp();
        var copy = process.TryCopy(out var errno);
        CloneTime += Stopwatch.GetElapsedTime(start);
        if (copy is null)
        {
            return Refused(process.Id, $"clone(2) failed with {errno}");
        }

        _clones.Add((source, copy));
        return true;
    }

    private bool Refused(ProcessId process, string reason)
    {
        CaptureLog.NoClone(logger, process.Value, reason);
        Notes.Add(new Finding(
            process.Value, "clone", $"Process {process} could not be cloned ({reason}); its pages were copied while it stood still.", FindingSeverity.Note));
        return false;
    }
}
