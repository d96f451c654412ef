using Checkpointer.Engine.Interop;
using Checkpointer.Engine.Support;

namespace Checkpointer.Engine.Tracking;

/// <summary>
/// Soft-dirty bits (x86-64 with CONFIG_MEM_SOFT_DIRTY): the kernel write-protects all pages when 4 is written to /proc/PID/clear_refs, and notes the first
/// write to each. New and moved mappings count as written until then. Reading and resetting are two steps, so only a frozen process may be asked.
/// </summary>
internal sealed class SoftDirtyTracker(ProcessId process) : ITracker
{
    private bool _isArmed;

    /// <inheritdoc/>
    public string Name => "soft-dirty";

    /// <inheritdoc/>
    public bool IsLive => false;

    /// <summary>Always: the bits belong to the pages, and those of a new address space are set.</summary>
    public bool IsAlive => true;

    /// <summary>Nothing the first time: somebody else may have reset the bits before us.</summary>
    public PageSet Watch(IReadOnlyList<PrivateMapping> mappings) =>
        _isArmed ? PageSet.Of([.. mappings.Select(mapping => mapping.Range)]) : PageSet.Empty;

    /// <inheritdoc/>
    public void TakeWritten(IReadOnlyList<PrivateMapping> mappings, PageMap pages, List<PageRange> written)
    {
        foreach (var mapping in mappings)
        {
            pages.AddSoftDirty(mapping, written);
        }

        Reset(process);
        _isArmed = true;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
    }

    /// <summary>Clears the bits of all pages of a process.</summary>
    public static unsafe void Reset(ProcessId process)
    {
        using var fd = OwnFd.Open(Proc.ProcFs.PathOf(process, "clear_refs"), FileFlag.O_WRONLY);
        var four = (byte)'4';
        LinuxException.ThrowIfFailed(Libc.pwrite64(fd.Number, &four, 1, 0), $"write to /proc/{process}/clear_refs");
    }
}
