using System.Diagnostics;
using Checkpointer.Engine.Images;
using Checkpointer.Engine.Proc;
using Checkpointer.Engine.Support;
using Checkpointer.Engine.Tracking;

namespace Checkpointer.Engine.Dump;

/// <summary>
/// The part of a dump that runs beside the job before the freeze, so that little is left for it: pages are protected ahead, and changed ones handed over
/// ahead. What the job changes meanwhile is reported again inside the freeze and handed over again.
/// </summary>
/// <remarks>
/// Handing over ahead trusts that every write is seen. Writes that the kernel makes through pinned pages (direct I/O, process_vm_writev) are seen
/// when the page is pinned and not when it is written. In the freeze no system call is under way, so what is read there is whole; what was read
/// before is trusted only for a job of one process that has no file open for direct I/O and read nothing from disk meanwhile. Protecting ahead is
/// harmless: nothing is read before the freeze.
/// </remarks>
internal sealed class Precopy(EngineOptions options, JobMemory memory, Action<string> step)
{
    // Below, taking the pages inside the freeze costs a few milliseconds: not worth handing pages over twice.
    private const long BytesWorthwhile = 8 << 20;

    // Each round has to leave less than half; a job that writes faster than we read is cloned instead.
    private const int RoundsMax = 4;

    // What is written again while it is handed over goes to the store twice. Where that would be more than a tenth, it is left for the freeze.
    private const double WasteMax = 0.1;

    // A hundredth of the time that handing over takes; where protecting held the job up for a moment, it catches up in the first milliseconds.
    private const double SampleShare = 0.01;
    private const double SampleSecondsMin = 0.02;
    private const double SampleSecondsMax = 0.2;

    // One huge page of each 32 MiB, so that none is split; of an address space of many TiB, which is mostly empty, no more than a thousand.
    private const ulong SampleBlock = 2 << 20;
    private const ulong SampleStride = 32 << 20;
    private const ulong SampleBlocksMax = 1024;
    private const long SampleBytesMin = 4 << 20;

    private readonly double _bytesPerSecond = options.BytesPerSecond > 0 ? Math.Min(options.BytesPerSecond, memory.Rate.BytesPerSecond) : memory.Rate.BytesPerSecond;
    private ulong? _bytesReadBefore;

    /// <summary>About how many bytes that changed were not protected ahead, beside what is known to wait.</summary>
    public long LeftBytes { get; private set; }

    /// <summary>Protects, and hands over what changed. Runs beside the job.</summary>
    /// <param name="processes">Processes of the job that are followed.</param>
    /// <param name="files">Open files of the job as preflight saw them.</param>
    /// <param name="contents">Where pages go.</param>
    /// <param name="cancellation">Cancels.</param>
    public void Run(IReadOnlyList<ProcessId> processes, Files files, OpenContents contents, CancellationToken cancellation)
    {
        _bytesReadBefore = options.Precopy && IsTrustworthy(processes, files) ? ProcFs.TryBytesRead(processes[0]) : null;
        var followed = processes.Select(Find).OfType<Followed>().ToList();
        var rewritten = FindRewritten(followed, cancellation);
        foreach (var process in followed.Except(rewritten))
        {
            step($"protect pages of {process.Id} ahead");
            TakeWritten(process, process.Mappings);
        }

        if (_bytesReadBefore is not null && followed.Count == 1 && rewritten.Count == 0)
        {
            HandOver(followed[0], contents, cancellation);
        }
    }

    /// <summary>Drops the trust in what was handed over where something may have been written past the tracker. Runs inside the freeze.</summary>
    public void Confirm(IReadOnlyList<ProcessId> processes, Files files)
    {
        if (_bytesReadBefore is not null && (!IsTrustworthy(processes, files) || ProcFs.TryBytesRead(processes[0]) != _bytesReadBefore))
        {
            memory.Find(processes[0])?.DistrustHandedOver();
        }
    }

    /// <summary>Processes that write most of their changed pages anew in a moment. Protected ahead, each page would cost them a fault and be protected again in the freeze.</summary>
    private List<Followed> FindRewritten(IEnumerable<Followed> followed, CancellationToken cancellation)
    {
        var samples = new List<(Followed Process, List<PrivateMapping> Mappings, long Bytes)>();
        foreach (var process in followed.Where(process => process.Memory.IsContinued)) // a first generation comes once
        {
            var mappings = Sample(process.Mappings);
            if (mappings.Count * (long)SampleBlock >= SampleBytesMin && TakeWritten(process, mappings).Bytes is >= SampleBytesMin and var written)
            {
                samples.Add((process, mappings, written));
            }
        }

        if (samples.Count == 0)
        {
            return [];
        }

        cancellation.WaitHandle.WaitOne(TimeSpan.FromSeconds(SampleSecondsMin));
        var rewritten = samples.Where(sample => TakeWritten(sample.Process, sample.Mappings).Bytes >= sample.Bytes / 2).ToList();
        LeftBytes = rewritten.Sum(sample => sample.Bytes * (long)(SampleStride / SampleBlock));
        return [.. rewritten.Select(sample => sample.Process)];
    }

    private static List<PrivateMapping> Sample(IReadOnlyList<PrivateMapping> mappings)
    {
        var span = mappings.Aggregate(0UL, (sum, mapping) => sum + mapping.Range.Bytes);
        var stride = Math.Max(SampleStride, span / SampleBlocksMax / SampleBlock * SampleBlock);
        var sample = new List<PrivateMapping>();
        foreach (var mapping in mappings)
        {
            var first = (mapping.Range.Start + SampleBlock - 1) / SampleBlock * SampleBlock;
            for (var start = first; start + SampleBlock <= mapping.Range.End; start += stride)
            {
                sample.Add(mapping with { Range = new PageRange(start, start + SampleBlock) });
            }
        }

        return sample;
    }

    private static bool IsTrustworthy(IReadOnlyList<ProcessId> processes, Files files) =>
        processes.Count == 1 && files.OpenFiles.All(file => (file.Flags & Interop.FileFlag.O_DIRECT) == 0);

    private void HandOver(Followed process, OpenContents contents, CancellationToken cancellation)
    {
        var pages = process.Memory;
        if (pages.Waiting.Bytes < BytesWorthwhile || IsWrittenTooFast(process, cancellation))
        {
            return;
        }

        var content = contents.Of(ImageVersion.Memory(process.Id.Value), pages.IsContinued);
        var before = long.MaxValue;
        for (var round = 1; round <= RoundsMax; round++)
        {
            var waiting = pages.Waiting;
            if (waiting.Bytes < BytesWorthwhile || waiting.Bytes > before / 2)
            {
                return;
            }

            step($"take pages of {process.Id} ahead, round {round}");
            before = waiting.Bytes;
            var taken = waiting.Intersect(OwnPages(process.Id));
            var start = Stopwatch.GetTimestamp();
            pages.HandedOver(taken, LivePages.Write(process.Id, taken, content, cancellation));
            memory.Rate.Note(taken.Bytes, Stopwatch.GetElapsedTime(start));
            TakeWritten(process);
        }
    }

    private bool IsWrittenTooFast(Followed process, CancellationToken cancellation)
    {
        var sample = Math.Clamp(SampleShare * process.Memory.Waiting.Bytes / _bytesPerSecond, SampleSecondsMin, SampleSecondsMax);
        var start = Stopwatch.GetTimestamp();
        cancellation.WaitHandle.WaitOne(TimeSpan.FromSeconds(sample));
        var written = TakeWritten(process).Intersect(process.Memory.Waiting).Bytes;
        var seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        return written / seconds > WasteMax * _bytesPerSecond;
    }

    private Followed? Find(ProcessId process) =>
        memory.Find(process) is { Tracker.IsLive: true } pages && ProcFs.TryMaps(process) is { } vmas ? new Followed(process, pages, PrivateMappings.Of(vmas)) : null;

    private static PageSet TakeWritten(Followed process, IReadOnlyList<PrivateMapping> mappings)
    {
        using var pages = PageMap.Open(process.Id);
        return process.Memory.TakeWritten(mappings, pages);
    }

    /// <summary>Of its mappings as they are now; nothing where it has ended, which the freeze will say.</summary>
    private static PageSet TakeWritten(Followed process) =>
        ProcFs.TryMaps(process.Id) is { } vmas ? TakeWritten(process, PrivateMappings.Of(vmas)) : PageSet.Empty;

    /// <summary>Reading a page that is not populated would populate it, so what waits is read only where there is something.</summary>
    private static PageSet OwnPages(ProcessId process)
    {
        var own = new List<PageRange>();
        using var pages = PageMap.Open(process);
        foreach (var mapping in PrivateMappings.Of(ProcFs.TryMaps(process) ?? []))
        {
            pages.AddOwnPages(mapping, own);
        }

        return PageSet.Of(own);
    }

    /// <summary>A process that is followed, with its mappings as they were a moment ago: what was mapped since is found in the freeze.</summary>
    private sealed record Followed(ProcessId Id, ProcessMemory Memory, List<PrivateMapping> Mappings);
}
