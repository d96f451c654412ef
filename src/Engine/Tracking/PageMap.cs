using System.Buffers.Binary;
using Checkpointer.Engine.Interop;
using Checkpointer.Engine.Support;

namespace Checkpointer.Engine.Tracking;

/// <summary>
/// Finds the pages of private memory that are the process's own: present or swapped, not a file's unmodified page, not the zero page.
/// </summary>
/// <remarks>
/// PAGEMAP_SCAN (Linux 6.7) walks page tables in the kernel, a few ms per GiB. Before, /proc/PID/pagemap is read: bit 63 present, 62 swapped,
/// 61 file page or shared anonymous; it cannot tell the zero page, which is then read and found to be zero.
/// </remarks>
internal sealed unsafe class PageMap : IDisposable
{
    private const ulong PageBytes = 4096;
    private const int RegionsPerScan = 4096;
    private const int EntriesPerRead = 64 * 1024;
    private const ulong PresentBit = 1ul << 63;
    private const ulong SwappedBit = 1ul << 62;
    private const ulong FileBit = 1ul << 61;
    private const ulong GuardBit = 1ul << 58;

    private readonly SafeFd _fd;
    private readonly ProcessId _process;
    private bool _hasGuards = true;
    private readonly page_region[] _regions = new page_region[RegionsPerScan];

    private PageMap(SafeFd fd, ProcessId process, bool useScan)
    {
        _fd = fd;
        _process = process;
        HasScan = useScan;
    }

    /// <summary>Opens the page map of a process that we may trace.</summary>
    /// <param name="process">The process.</param>
    /// <param name="useScan">False reads the page map as on a kernel without PAGEMAP_SCAN.</param>
    public static PageMap Open(ProcessId process, bool useScan = true)
    {
        var fd = Libc.open($"/proc/{process}/pagemap", FileFlag.O_RDONLY | FileFlag.O_CLOEXEC, 0);
        LinuxException.ThrowIfFailed(fd, $"open of /proc/{process}/pagemap");
        return new PageMap(new SafeFd(fd), process, useScan);
    }

    /// <summary>False once PAGEMAP_SCAN was found missing.</summary>
    public bool HasScan { get; private set; }

    /// <summary>Adds the process's own pages of one private mapping to <paramref name="ranges"/>, ascending, neighbours joined.</summary>
    public void AddOwnPages(ulong start, ulong end, List<PageRange> ranges)
    {
        if (HasScan && ScanOwn(start, end, ranges))
        {
            return;
        }

        HasScan = false;
        Read(start, end, ranges);
    }

    /// <summary>Adds the guard pages (MADV_GUARD_INSTALL, Linux 6.13) of a mapping; after <see cref="AddOwnPages"/>. Kernels before 6.15 do not
    /// show them.</summary>
    public void AddGuardPages(ulong start, ulong end, List<PageRange> ranges)
    {
        var guards = new pm_scan_arg
        {
            category_mask = Memory.PAGE_IS_GUARD,
            return_mask = Memory.PAGE_IS_GUARD,
        };
        if (HasScan && _hasGuards)
        {
            _ = Scan(guards, start, end, ranges);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _fd.Dispose();

    private bool ScanOwn(ulong start, ulong end, List<PageRange> ranges)
    {
        // Guard pages stand in the page table as swapped ones do. A kernel that cannot tell them apart refuses the category.
        const ulong NotOwn = Memory.PAGE_IS_FILE | Memory.PAGE_IS_PFNZERO;
        if (_hasGuards && Scan(OwnPages(NotOwn | Memory.PAGE_IS_GUARD), start, end, ranges))
        {
            return true;
        }

        _hasGuards = false;
        return Scan(OwnPages(NotOwn), start, end, ranges);
    }

    private static pm_scan_arg OwnPages(ulong notOwn) => new()
    {
        category_inverted = notOwn,
        category_mask = notOwn,
        category_anyof_mask = Memory.PAGE_IS_PRESENT | Memory.PAGE_IS_SWAPPED,
        return_mask = Memory.PAGE_IS_PRESENT,
    };

    /// <summary>Runs a scan; false where the kernel does not know PAGEMAP_SCAN or one of the categories.</summary>
    private bool Scan(pm_scan_arg argument, ulong start, ulong end, List<PageRange> ranges)
    {
        fixed (page_region* regions = _regions)
        {
            while (start < end)
            {
                argument.size = (ulong)sizeof(pm_scan_arg);
                argument.start = start;
                argument.end = end;
                argument.vec = (ulong)regions;
                argument.vec_len = RegionsPerScan;
                var count = Libc.ioctl(_fd.Number, unchecked((uint)Memory.PAGEMAP_SCAN), (nint)(&argument));
                if (count < 0)
                {
                    return LastError.Get() is Errno.ENOTTY or Errno.EINVAL
                        ? false
                        : throw new LinuxException($"ioctl(PAGEMAP_SCAN) of process {_process}", LastError.Get());
                }

                for (var index = 0; index < count; index++)
                {
                    Append(ranges, regions[index].start, regions[index].end);
                }

                // Only a full vector stops a walk early. walk_end alone cannot tell: where the kernel's own buffer filled up on the way, it is left at
                // that address though the walk went on to the end (fs/proc/task_mmu.c, seen on 6.18), and ranges would be reported twice.
                start = count < RegionsPerScan ? end : Math.Max(argument.walk_end, regions[count - 1].end);
            }
        }

        return true;
    }

    private void Read(ulong start, ulong end, List<PageRange> ranges)
    {
        var entries = new byte[EntriesPerRead * sizeof(ulong)];
        for (var address = start; address < end;)
        {
            var wanted = (int)Math.Min(EntriesPerRead, (end - address) / PageBytes) * sizeof(ulong);
            var read = ReadEntries(entries.AsSpan(0, wanted), address);
            for (var offset = 0; offset < read; offset += sizeof(ulong))
            {
                var entry = BinaryPrimitives.ReadUInt64LittleEndian(entries.AsSpan(offset));
                if ((entry & (PresentBit | SwappedBit)) != 0 && (entry & (FileBit | GuardBit)) == 0)
                {
                    Append(ranges, address, address + PageBytes);
                }

                address += PageBytes;
            }
        }
    }

    private int ReadEntries(Span<byte> target, ulong address)
    {
        fixed (byte* bytes = target)
        {
            var read = Libc.pread64(_fd.Number, bytes, (nuint)target.Length, (long)(address / PageBytes * sizeof(ulong)));
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
