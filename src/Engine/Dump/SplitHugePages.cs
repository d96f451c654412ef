using System.Diagnostics;
using Checkpointer.Engine.Interop;
using Checkpointer.Engine.Proc;
using Checkpointer.Engine.Support;
using Checkpointer.Engine.Tracking;

namespace Checkpointer.Engine.Dump;

/// <summary>
/// Joins transparent huge pages again that a dump has split.
/// </summary>
/// <remarks>
/// The first write to a huge page that is write-protected, or shared with a clone, makes the kernel map it by pages of 4 KiB; khugepaged joins them after minutes, and until
/// then a job that is bound by memory runs slower (a triad by 15 %). MADV_COLLAPSE (Linux 6.1) copies the contents into a huge page at once, some 0.3 ms for 2 MiB. A huge
/// page in which some pages are still protected cannot be joined without losing count of what was written; it is tried again after the next dump.
/// </remarks>
internal sealed class SplitHugePages
{
    private const ulong HugeBytes = 2 << 20;

    // One call is not interrupted.
    private const int BytesPerCall = 32 * (int)HugeBytes;

    // What was not joined by then is for khugepaged, or for after the next dump: the job is to have the processors.
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(2);

    private readonly Dictionary<ProcessIdentity, PageSet> _huge = [];

    /// <summary>Notes the huge pages that a job has, before a dump touches it.</summary>
    /// <param name="job">Its processes, which run, and their mappings, with flags.</param>
    public void Note(IReadOnlyDictionary<ProcessId, IReadOnlyList<Vma>> job)
    {
        var isForAll = HugePages.AreForAll;
        foreach (var (process, vmas) in job)
        {
            Note(process, vmas, isForAll);
        }
    }

    /// <summary>Joins what can be. Runs beside the job, when no clone of it is left.</summary>
    public void Join()
    {
        var start = Stopwatch.GetTimestamp();
        foreach (var (identity, huge) in _huge.ToList())
        {
            if (ProcFs.IdentityOf(identity.Pid) != identity)
            {
                _ = _huge.Remove(identity);
                continue;
            }

            try
            {
                Join(identity.Pid, huge, start);
            }
            catch (LinuxException ended) when (ended.Errno is Errno.ESRCH or Errno.ENOENT)
            {
                _ = _huge.Remove(identity);
            }
        }
    }

    private void Note(ProcessId process, IReadOnlyList<Vma> vmas, bool isForAll)
    {
        var candidates = vmas.Where(vma => MayBeHuge(vma, isForAll)).Select(vma => new PageRange(vma.Start, vma.End)).ToList();
        if (candidates.Count == 0 || ProcFs.IdentityOf(process) is not { } identity)
        {
            return;
        }

        var known = _huge.GetValueOrDefault(identity, PageSet.Empty).Intersect(PageSet.Of([.. candidates]));
        _huge[identity] = known.Union(HugeNow(process, candidates));
    }

    private static void Join(ProcessId process, PageSet huge, long start)
    {
        var mapped = PrivateMappings.Of(ProcFs.TryMaps(process) ?? []).Where(mapping => !mapping.HasFile).Select(mapping => mapping.Range).ToList();
        var there = huge.Intersect(PageSet.Of(mapped));
        var split = there.Except(HugeNow(process, there.Ranges));
        if (split.IsEmpty || Pidfd.TryOpen(process.Value, 0) is not { } pidfd)
        {
            return;
        }

        using (pidfd)
        {
            foreach (var range in split.Pieces(BytesPerCall))
            {
                if (Stopwatch.GetElapsedTime(start) > _patience)
                {
                    break;
                }

                HugePages.TryJoin(pidfd, range.Start, range.Bytes);
            }
        }
    }

    private static bool MayBeHuge(Vma vma, bool isForAll) =>
        !vma.IsShared && vma.Inode == 0 && vma.Bytes >= HugeBytes && (vma.VmFlags & (VmaFlags.HugeTlb | VmaFlags.NoHugePage)) == 0
        && (isForAll || vma.VmFlags.HasFlag(VmaFlags.HugePage));

    private static PageSet HugeNow(ProcessId process, IReadOnlyList<PageRange> ranges)
    {
        var huge = new List<PageRange>();
        using var pages = PageMap.Open(process);
        foreach (var range in ranges)
        {
            pages.AddHugePages(range, huge);
        }

        return PageSet.Of(huge);
    }
}
