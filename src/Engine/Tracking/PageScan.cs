using Checkpointer.Engine.Interop;
using Checkpointer.Engine.Support;

namespace Checkpointer.Engine.Tracking;

/// <summary>The PAGEMAP_SCAN request (Linux 6.7): the kernel walks page tables and reports runs of pages by category.</summary>
internal sealed unsafe class PageScan(SafeFd pagemap, ProcessId process)
{
    private const int RegionsPerRequest = 4096;

    private readonly page_region[] _regions = new page_region[RegionsPerRequest];

    /// <summary>Receives one run of pages of the same categories.</summary>
    public delegate void Visitor(PageRange range, ulong categories);

    /// <summary>
    /// Scans a range. Pages are visited in ascending order.
    /// </summary>
    /// <param name="request">Flags and masks; the rest is filled in.</param>
    /// <param name="range">Page-aligned addresses.</param>
    /// <param name="visit">Told of each run.</param>
    /// <returns><see cref="Errno.None"/>, or the error that says what this kernel or mapping cannot do: ENOTTY or EINVAL (no such request or category), EPERM (with
    /// PM_SCAN_CHECK_WPASYNC, a mapping that is not registered). Runs before the error may have been reset without being reported.</returns>
    /// <exception cref="LinuxException">Any other error.</exception>
    public Errno Run(pm_scan_arg request, PageRange range, Visitor visit)
    {
        request.size = (ulong)sizeof(pm_scan_arg);
        request.end = range.End;
        request.vec_len = RegionsPerRequest;
        fixed (page_region* regions = _regions)
        {
            request.vec = (ulong)regions;
            for (var start = range.Start; start < range.End;)
            {
                request.start = start;
                var count = Libc.ioctl(pagemap.Number, unchecked((uint)Memory.PAGEMAP_SCAN), (nint)(&request));
                if (count < 0)
                {
                    var errno = LastError.Get();
                    return errno is Errno.ENOTTY or Errno.EINVAL or Errno.EPERM
                        ? errno
                        : throw new LinuxException($"ioctl(PAGEMAP_SCAN) of process {process}", errno);
                }

                for (var index = 0; index < count; index++)
                {
                    visit(new PageRange(regions[index].start, regions[index].end), regions[index].categories);
                }

                // Only a full vector stops a walk early. walk_end alone cannot tell: where the kernel's own buffer filled up on the way, it is left at
                // that address though the walk went on to the end (fs/proc/task_mmu.c, seen on 6.18), and ranges would be reported twice.
                start = count < RegionsPerRequest ? range.End : Math.Max(request.walk_end, regions[count - 1].end);
            }
        }

        return Errno.None;
    }
}
