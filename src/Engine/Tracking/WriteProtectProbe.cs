using Checkpointer.Engine.Arch.X64;
using Checkpointer.Engine.Interop;
using Checkpointer.Engine.Support;

namespace Checkpointer.Engine.Tracking;

/// <summary>Tries write protection on a page of ours: a kernel may have userfaultfd without its asynchronous mode, or be built without either.</summary>
internal static class WriteProtectProbe
{
    private const int PageBytes = 4096;

    /// <summary>True where a protected page is clean and a written one is not.</summary>
    public static bool Works()
    {
        var number = Libc.syscall((nint)Sys.Userfaultfd, FileFlag.O_CLOEXEC | Userfaultfd.UFFD_USER_MODE_ONLY, 0, 0, 0, 0);
        return number >= 0 && Works(new SafeFd((int)number));
    }

    private static bool Works(SafeFd descriptor)
    {
        try
        {
            using var userfault = new Userfault(descriptor);
            using var page = new NativeBuffer(PageBytes);
            using var tracker = new WriteProtectTracker(userfault);
            page.Slice(0, 1)[0] = 1;
            tracker.Watch([MappingOf(page)]);
            var first = Written(tracker, page);
            var clean = Written(tracker, page);
            page.Slice(0, 1)[0] = 2;
            return first == 1 && clean == 0 && Written(tracker, page) == 1;
        }
        catch (LinuxException)
        {
            // Another tracker takes its place; doctor tells.
            return false;
        }
    }

    private static int Written(WriteProtectTracker tracker, NativeBuffer page)
    {
        var written = new List<PageRange>();
        using var pages = PageMap.Open(new ProcessId(Libc.getpid()));
        tracker.TakeWritten([MappingOf(page)], pages, written);
        return written.Count;
    }

    private static PrivateMapping MappingOf(NativeBuffer page) =>
        new(new PageRange(page.Address, page.Address + PageBytes), HasFile: false, IsForked: true);
}
