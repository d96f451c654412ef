using Checkpointer.Engine.Interop;
using Checkpointer.Engine.Support;
using Checkpointer.Engine.Tracing;

namespace Checkpointer.Engine.Tracking;

/// <summary>
/// Soft-dirty bits (x86-64 with CONFIG_MEM_SOFT_DIRTY): the kernel write-protects all pages when 4 is written to /proc/PID/clear_refs, and notes the first
/// write to each. New and moved pages count as written until then. Reading and resetting are two steps, so only a frozen process may be asked.
/// </summary>
/// <remarks>
/// The bits are the process's, not ours: whoever resets them takes from others what was written until then. Trackers of ours therefore hold a lock on the file that resets them: to
/// one that does not get it, all counts as written each time, and it resets nothing. Of programs that know no such lock we learn by sentinels: pages that we write right after
/// each reset, with the bytes that they hold. One that is clean at the next freeze was reset by somebody else, and then nothing is known. They are pages that the process itself
/// does not write: those that the loader has relocated and made read-only. Where there is none, nothing is ever known.
/// </remarks>
internal sealed class SoftDirtyTracker : ITracker
{
    private const int SentinelsMax = 3;

    private readonly ProcessId _process;
    private SafeFd? _bits;
    private IReadOnlyList<PageRange> _sentinels = [];

    public SoftDirtyTracker(ProcessId process)
    {
        _process = process;
        _bits = TryLock(process);
    }

    /// <inheritdoc/>
    public string Name => "soft-dirty";

    /// <inheritdoc/>
    public bool IsLive => false;

    /// <summary>Always: the bits belong to the pages, and those of a new address space are set.</summary>
    public bool IsAlive => true;

    /// <summary>Nothing the first time, and where somebody else has reset the bits, or may. Never memory of the pool of huge pages, whose bits the kernel does not reset, and before Linux 6.7
    /// does not show.</summary>
    public PageSet Watch(IReadOnlyList<PrivateMapping> mappings) =>
        IsOurs(mappings) ? PageSet.Of([.. mappings.Where(mapping => !mapping.IsHugeTlb).Select(mapping => mapping.Range)]) : PageSet.Empty;

    /// <inheritdoc/>
    public void TakeWritten(IReadOnlyList<PrivateMapping> mappings, PageMap pages, List<PageRange> written)
    {
        _bits ??= TryLock(_process);
        if (_bits is null)
        {
            return;
        }

        foreach (var mapping in mappings)
        {
            pages.AddSoftDirty(mapping, written);
        }

        Reset(_process, _bits);
        _sentinels =
        [
            .. mappings.Where(mapping => mapping is { IsWritable: false, HasFile: true, IsHugeTlb: false }).Select(mapping => FirstOwn(mapping, pages)).OfType<PageRange>()
                .Take(SentinelsMax),
        ];
        WriteSentinels();
    }

    /// <inheritdoc/>
    public void Dispose() => _bits?.Dispose();

    /// <summary>Clears the bits of all pages of a process.</summary>
    public static void Reset(ProcessId process)
    {
        using var bits = Open(process);
        Reset(process, bits);
    }

    private static unsafe void Reset(ProcessId process, SafeFd bits)
    {
        var four = (byte)'4';
        LinuxException.ThrowIfFailed(Libc.pwrite64(bits.Number, &four, 1, 0), $"write to /proc/{process}/clear_refs");
    }

    private static SafeFd Open(ProcessId process) => OwnFd.Open(Proc.ProcFs.PathOf(process, "clear_refs"), FileFlag.O_WRONLY);

    /// <summary>The file with its lock, which ends when it is closed; null where another tracker has it.</summary>
    private static SafeFd? TryLock(ProcessId process)
    {
        var bits = Open(process);
        if (Libc.flock(bits.Number, SpecialFile.LOCK_EX | SpecialFile.LOCK_NB) == 0)
        {
            return bits;
        }

        var errno = LastError.Get();
        bits.Dispose();
        return errno == Errno.EAGAIN ? null : throw new LinuxException($"flock of /proc/{process}/clear_refs", errno);
    }

    private static PageRange? FirstOwn(PrivateMapping mapping, PageMap pages)
    {
        var own = new List<PageRange>();
        pages.AddOwnPages(mapping, own);
        return own is [var first, ..] ? first with { End = first.Start + PageRange.PageBytes } : null;
    }

    private bool IsOurs(IReadOnlyList<PrivateMapping> mappings)
    {
        using var pages = PageMap.Open(_process, useScan: false);
        return _sentinels.Count > 0
            && _sentinels.All(sentinel => mappings.Any(mapping => mapping.Range.Start <= sentinel.Start && sentinel.End <= mapping.Range.End) && IsDirty(sentinel, pages));
    }

    private static bool IsDirty(PageRange page, PageMap pages)
    {
        var dirty = new List<PageRange>();
        pages.AddSoftDirty(new PrivateMapping(page, HasFile: true, IsForked: true), dirty);
        return dirty.Count > 0;
    }

    private void WriteSentinels()
    {
        using var memory = RemoteMemory.Open(_process);
        foreach (var sentinel in _sentinels)
        {
            var address = new RemotePtr(sentinel.Start);
            memory.Write(address, memory.Read<byte>(address));
        }
    }
}
