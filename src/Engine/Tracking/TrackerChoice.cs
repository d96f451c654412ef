using Checkpointer.Engine.Arch.X64;
using Checkpointer.Engine.Interop;
using Checkpointer.Engine.Support;
using Checkpointer.Engine.Tracing;

namespace Checkpointer.Engine.Tracking;

/// <summary>
/// Chooses the tracker of a process by trying: write-protect, else soft-dirty, else compare.
/// </summary>
internal static class TrackerChoice
{
    private static readonly Lazy<bool> _hasWriteProtect = new(WriteProtectProbe.Works);
    private static readonly Lazy<bool> _hasSoftDirty = new(SoftDirtyProbe.Works);

    /// <summary>True where processes can be asked while they run.</summary>
    public static bool IsLive(bool useWriteProtect) => useWriteProtect && _hasWriteProtect.Value;

    /// <summary>The best tracker for a frozen process. Precondition: its gate is open.</summary>
    /// <param name="process">The process.</param>
    /// <param name="useWriteProtect">False leaves write-protect out.</param>
    public static ITracker For(FrozenProcess process, bool useWriteProtect)
    {
        if (IsLive(useWriteProtect) && TryUserfault(process) is { } userfault)
        {
            return new WriteProtectTracker(userfault);
        }

        return _hasSoftDirty.Value ? new SoftDirtyTracker(process.Id) : new CompareTracker();
    }

    private static Userfault? TryUserfault(FrozenProcess process)
    {
        try
        {
            // Only writes from user mode would be reported as events; in asynchronous mode there are none, and those of the kernel are noted too.
            return new Userfault(process.TakeDescriptor(Sys.Userfaultfd, FileFlag.O_CLOEXEC | Userfaultfd.UFFD_USER_MODE_ONLY));
        }
        catch (LinuxException exception) when (exception.Errno is Errno.EPERM or Errno.EMFILE or Errno.ENFILE or Errno.ENOMEM)
        {
            // A security module, or a job at its limit of descriptors: the next tracker takes its place, and the report names it.
            return null;
        }
    }
}
