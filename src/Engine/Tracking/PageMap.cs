using System.Buffers.Binary;
using Checkpointer.Engine.Interop;
using Checkpointer.Engine.Support;

namespace Checkpointer.Engine.Tracking;

/// <summary>
/// Tells the pages of private memory that are the process's own (present or swapped, not a file's unmodified page, not the zero page), and
/// which of them were written.
/// </summary>
/// <remarks>
/// PAGEMAP_SCAN (Linux 6.7) walks page tables in the kernel. What a scan costs is what it reports, page by page, and looking at each page's
/// struct page for PAGE_IS_FILE: 14 ms per GiB with it and 1 ms without, so it is asked only where there is a file. Before 6.7, /proc/PID/pagemap is
/// read: bit 63 present, 62 swapped, 61 file page or shared anonymous, 58 guard, 55 soft-dirty; the zero page looks like a page of the process's own, and is known by the number of its
/// frame, bits 0 to 54: a page that was given back and then read shows it, without having been written.
/// </remarks>
internal sealed unsafe class PageMap : IDisposable
{
    private const int EntriesPerRead = 64 * 1024;
    private const ulong PresentBit = 1ul << 63;
    private const ulong SwappedBit = 1ul << 62;
    private const ulong FileBit = 1ul << 61;
    private const ulong GuardBit = 1ul << 58;
    private const ulong SoftDirtyBit = 1ul << 55;
    private const ulong FrameMask = SoftDirtyBit - 1;
    private static readonly Lazy<ulong> _zeroFrame = new(FindZeroFrame);

    private readonly SafeFd _fd;
    private readonly ProcessId _process;
    private readonly PageScan _scan;
    private ulong _guardCategory = Memory.PAGE_IS_GUARD;

    private PageMap(SafeFd fd, ProcessId process, bool useScan)
    {
        _fd = fd;
        _process = process;
        _scan = new PageScan(fd, process);
        HasScan = useScan;
    }

    /// <summary>Opens the page map of a process that we may trace.</summary>
    /// <param name="process">The process.</param>
    /// <param name="useScan">False reads the page map as on a kernel without PAGEMAP_SCAN.</param>
    public static PageMap Open(ProcessId process, bool useScan = true)
    {
        var path = Proc.ProcFs.PathOf(process, "pagemap");
        return new PageMap(OwnFd.Open(path, FileFlag.O_RDONLY), process, useScan);
    }

    /// <summary>False once PAGEMAP_SCAN was found missing.</summary>
    public bool HasScan { get; private set; }

    /// <summary>Adds the process's own pages of a mapping, ascending, neighbours joined.</summary>
    public void AddOwnPages(PrivateMapping mapping, List<PageRange> pages)
    {
        if (!TryScan(notOwn => Own(notOwn, 0, 0), mapping, pages))
        {
            Read(mapping.Range, (range, entry) => AddIf(IsOwn(entry), pages, range));
        }
    }

    /// <summary>Sorts out the pages of a mapping that are not, or may not be, the process's own.</summary>
    /// <param name="mapping">The mapping.</param>
    /// <param name="foreign">Receives pages that are not its own.</param>
    /// <param name="guards">Receives guard pages (MADV_GUARD_INSTALL, Linux 6.13; kernels before 6.15 do not show them).</param>
    /// <param name="uncertain">Receives pages of a file mapping that are swapped out or show the file again: where a write-protected one was given
    /// back, the kernel leaves a mark in the page table that looks like a swapped page.</param>
    public void AddForeignPages(PrivateMapping mapping, List<PageRange> foreign, List<PageRange> guards, List<PageRange> uncertain)
    {
        if (!TryScanForeign(mapping, foreign, guards, uncertain))
        {
            Read(mapping.Range, (range, entry) =>
            {
                AddIf(!IsOwn(entry), foreign, range);
                AddIf(mapping.HasFile && IsOwn(entry) && (entry & SwappedBit) != 0, uncertain, range);
                AddIf((entry & GuardBit) != 0, guards, range);
            });
        }
    }

    /// <summary>
    /// Adds the own pages of a mapping that were written since the last call, and protects them again, page by page in one step.
    /// </summary>
    /// <returns>False where the mapping is not registered for asynchronous write protection; some pages may have been reset unreported.</returns>
    public bool TryTakeWritten(PrivateMapping mapping, List<PageRange> pages)
    {
        const ulong Take = Memory.PM_SCAN_WP_MATCHING | Memory.PM_SCAN_CHECK_WPASYNC;
        return TryScan(notOwn => Own(notOwn, Memory.PAGE_IS_WRITTEN, Take), mapping, pages);
    }

    /// <summary>Adds the own pages of a mapping whose soft-dirty bit is set.</summary>
    public void AddSoftDirty(PrivateMapping mapping, List<PageRange> pages)
    {
        if (!TryScan(notOwn => Own(notOwn, Memory.PAGE_IS_SOFT_DIRTY, 0), mapping, pages))
        {
            Read(mapping.Range, (range, entry) => AddIf(IsOwn(entry) && (entry & SoftDirtyBit) != 0, pages, range));
        }
    }

    /// <summary>Adds what is mapped by huge pages in a range; nothing before Linux 6.7.</summary>
    public void AddHugePages(PageRange range, List<PageRange> pages)
    {
        pm_scan_arg request = new() { category_mask = Memory.PAGE_IS_HUGE | Memory.PAGE_IS_PRESENT, return_mask = Memory.PAGE_IS_HUGE };
        _ = Scan(() => _scan.Run(request, range, (found, _) => Append(pages, found.Start, found.End)));
    }

    /// <inheritdoc/>
    public void Dispose() => _fd.Dispose();

    private static ulong NotOwn(PrivateMapping mapping) =>
        (ulong)Memory.PAGE_IS_PFNZERO | (mapping.HasFile ? (ulong)Memory.PAGE_IS_FILE : 0);

    private static pm_scan_arg Own(ulong notOwn, ulong wanted, ulong flags) => new()
    {
        flags = flags,
        category_inverted = notOwn,
        category_mask = notOwn | wanted,
        category_anyof_mask = Memory.PAGE_IS_PRESENT | Memory.PAGE_IS_SWAPPED,
        return_mask = Memory.PAGE_IS_PRESENT,
    };

    private bool TryScan(Func<ulong, pm_scan_arg> request, PrivateMapping mapping, List<PageRange> pages)
    {
        // Guard pages stand in the page table as swapped ones do. A kernel that cannot tell them apart refuses the category.
        var errno = Scan(() => _scan.Run(
            request(NotOwn(mapping) | _guardCategory), mapping.Range, (range, _) => Append(pages, range.Start, range.End)));
        return errno == Errno.None;
    }

    private bool TryScanForeign(PrivateMapping mapping, List<PageRange> foreign, List<PageRange> guards, List<PageRange> uncertain) => Scan(() => _scan.Run(
        new pm_scan_arg
        {
            category_inverted = Memory.PAGE_IS_PRESENT,
            category_anyof_mask = Memory.PAGE_IS_PRESENT | NotOwn(mapping) | _guardCategory,
            return_mask = Memory.PAGE_IS_SWAPPED | _guardCategory,
        },
        mapping.Range,
        (range, categories) =>
        {
            var isGuard = (categories & Memory.PAGE_IS_GUARD) != 0;
            var isSwapped = !isGuard && (categories & Memory.PAGE_IS_SWAPPED) != 0;
            AddIf(!isSwapped, foreign, range);
            AddIf(isGuard, guards, range);
            AddIf(isSwapped && mapping.HasFile, uncertain, range);
        })) == Errno.None;

    /// <summary>Runs a request, again without the category of guard pages where the kernel does not know it.</summary>
    private Errno Scan(Func<Errno> request)
    {
        if (!HasScan)
        {
            return Errno.ENOTTY;
        }

        var errno = request();
        if (errno == Errno.EINVAL && _guardCategory != 0)
        {
            _guardCategory = 0;
            errno = request();
        }

        HasScan = errno is Errno.None or Errno.EPERM;
        return errno;
    }

    private static bool IsOwn(ulong entry) => (entry & (PresentBit | SwappedBit)) != 0 && (entry & (FileBit | GuardBit)) == 0 && !IsZeroPage(entry);

    /// <summary>False for all where the kernel does not show us frames (CAP_SYS_ADMIN): they are 0 then.</summary>
    private static bool IsZeroPage(ulong entry) => (entry & (PresentBit | FrameMask)) == (PresentBit | _zeroFrame.Value) && _zeroFrame.Value != 0;

    private static ulong FindZeroFrame()
    {
        var page = Libc.mmap64(0, (nuint)PageRange.PageBytes, Memory.PROT_READ, Memory.MAP_PRIVATE | Memory.MAP_ANONYMOUS, -1, 0);
        LinuxException.ThrowIfFailed(page, "mmap of a page");
        try
        {
            _ = Volatile.Read(ref *(byte*)page);
            using var ours = Open(new ProcessId(Libc.getpid()), useScan: false);
            Span<byte> entry = stackalloc byte[sizeof(ulong)];
            ours.ReadEntries(entry, (ulong)page);
            return BinaryPrimitives.ReadUInt64LittleEndian(entry) & FrameMask;
        }
        finally
        {
            _ = Libc.munmap(page, (nuint)PageRange.PageBytes);
        }
    }

    private static void AddIf(bool condition, List<PageRange> ranges, PageRange range)
    {
        if (condition)
        {
            Append(ranges, range.Start, range.End);
        }
    }

    private void Read(PageRange mapping, Action<PageRange, ulong> visit)
    {
        var entries = new byte[EntriesPerRead * sizeof(ulong)];
        for (var address = mapping.Start; address < mapping.End;)
        {
            var wanted = (int)Math.Min(EntriesPerRead, (mapping.End - address) / PageRange.PageBytes) * sizeof(ulong);
            var read = ReadEntries(entries.AsSpan(0, wanted), address);
            for (var offset = 0; offset < read; offset += sizeof(ulong))
            {
                visit(new PageRange(address, address + PageRange.PageBytes), BinaryPrimitives.ReadUInt64LittleEndian(entries.AsSpan(offset)));
                address += PageRange.PageBytes;
            }
        }
    }

    private int ReadEntries(Span<byte> target, ulong address)
    {
        fixed (byte* bytes = target)
        {
            var read = Libc.pread64(_fd.Number, bytes, (nuint)target.Length, (long)(address / PageRange.PageBytes * sizeof(ulong)));
            LinuxException.ThrowIfFailed(read, $"read of /proc/{_process}/pagemap");
            Invariant.Require(read > 0 && read % sizeof(ulong) == 0, $"pagemap of process {_process} ended early");
            return (int)read;
        }
    }

    private static void Append(List<PageRange> ranges, ulong start, ulong end)
    {
        if (ranges.Count > 0 && ranges[^1].End == start)
        {
            ranges[^1] = ranges[^1] with { End = end };
            return;
        }

        ranges.Add(new PageRange(start, end));
    }
}
