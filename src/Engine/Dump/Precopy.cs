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
    private const double BytesHandedOverPerSecond = 0.8e9;

    // A hundredth of the time that handing over takes; where protecting held the job up for a moment, it catches up in the first milliseconds.
    private const double SampleShare = 0.01;
    private const double SampleSecondsMin = 0.02;
    private const double SampleSecondsMax = 0.2;

    private readonly double _bytesPerSecond = options.BytesPerSecond > 0 ? Math.Min(options.BytesPerSecond, BytesHandedOverPerSecond) : BytesHandedOverPerSecond;
    private ulong? _bytesReadBefore;

    /// <summary>Protects, and hands over what changed. Runs beside the job.</summary>
    /// <param name="processes">Processes of the job that are followed.</param>
    /// <param name="files">Open files of the job as preflight saw them.</param>
    /// <param name="contents">Where pages go.</param>
    /// <param name="cancellation">Cancels.</param>
    public void Run(IReadOnlyList<ProcessId> processes, Files files, OpenContents contents, CancellationToken cancellation)
    {
        _bytesReadBefore = options.Precopy && IsTrustworthy(processes, files) ? ProcFs.TryBytesRead(processes[0]) : null;
        var live = processes.Select(process => (Id: process, Memory: memory.Find(process))).Where(entry => entry.Memory?.Tracker.IsLive == true).ToList();
        foreach (var (process, pages) in live)
        {
            step($"protect pages of {process} ahead");
            TakeWritten(process, pages!);
        }

        if (_bytesReadBefore is not null && live.Count == 1)
        {
            HandOver(live[0].Id, live[0].Memory!, contents, cancellation);
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

    private static bool IsTrustworthy(IReadOnlyList<ProcessId> processes, Files files) =>
        processes.Count == 1 && files.OpenFiles.All(file => (file.Flags & Interop.FileFlag.O_DIRECT) == 0);

    private void HandOver(ProcessId process, ProcessMemory pages, OpenContents contents, CancellationToken cancellation)
    {
        if (pages.Waiting.Bytes < BytesWorthwhile || IsWrittenTooFast(process, pages, cancellation))
        {
            return;
        }

        var content = contents.Of(ImageVersion.Memory(process.Value), pages.IsContinued);
        var before = long.MaxValue;
        for (var round = 1; round <= RoundsMax; round++)
        {
            var waiting = pages.Waiting;
            if (waiting.Bytes < BytesWorthwhile || waiting.Bytes > before / 2)
            {
                return;
            }

            step($"take pages of {process} ahead, round {round}");
            before = waiting.Bytes;
            var taken = waiting.Intersect(OwnPages(process));
            pages.HandedOver(taken, LivePages.Write(process, taken, content, cancellation));
            TakeWritten(process, pages);
        }
    }

    private bool IsWrittenTooFast(ProcessId process, ProcessMemory pages, CancellationToken cancellation)
    {
        var sample = Math.Clamp(SampleShare * pages.Waiting.Bytes / _bytesPerSecond, SampleSecondsMin, SampleSecondsMax);
        var start = Stopwatch.GetTimestamp();
        cancellation.WaitHandle.WaitOne(TimeSpan.FromSeconds(sample));
        var written = TakeWritten(process, pages).Intersect(pages.Waiting).Bytes;
        var seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        return written / seconds > WasteMax * _bytesPerSecond;
    }

    private static PageSet TakeWritten(ProcessId process, ProcessMemory memory)
    {
        if (ProcFs.TryMaps(process) is not { } vmas)
        {
            // It ended; the freeze will say so.
            return PageSet.Empty;
        }

        using var pages = PageMap.Open(process);
        return memory.TakeWritten(PrivateMappings.Of(vmas), pages);
    }

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
}
