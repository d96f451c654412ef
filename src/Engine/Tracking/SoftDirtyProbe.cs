using Checkpointer.Engine.Interop;
using Checkpointer.Engine.Support;

namespace Checkpointer.Engine.Tracking;

/// <summary>Tries soft-dirty bits on a page of ours: clear_refs takes the command even where the kernel has no such bit.</summary>
internal static class SoftDirtyProbe
{
    private const int PageBytes = 4096;

    /// <summary>True where a reset page is clean and a written one is not.</summary>
    public static bool Works()
    {
        using var page = new NativeBuffer(PageBytes);
        page.Slice(0, 1)[0] = 1;
        var ours = new ProcessId(Libc.getpid());
        SoftDirtyTracker.Reset(ours);
        if (IsDirty(ours, page))
        {
            return false;
        }

        page.Slice(0, 1)[0] = 2;
        return IsDirty(ours, page);
    }

    private static bool IsDirty(ProcessId ours, NativeBuffer page)
    {
        using var pages = PageMap.Open(ours, useScan: false);
        var found = new List<PageRange>();
        pages.AddSoftDirty(new PrivateMapping(new PageRange(page.Address, page.Address + PageBytes), HasFile: false, IsForked: true), found);
        return found.Count > 0;
    }
}
