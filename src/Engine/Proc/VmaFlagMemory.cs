namespace Checkpointer.Engine.Proc;

/// <summary>
/// Completes what /proc/PID/maps says with the flags that smaps showed a moment ago. The kernel walks all page tables for smaps, 12 ms per GiB, which no
/// frozen job should wait for; maps takes a tenth of a millisecond.
/// </summary>
internal static class VmaFlagMemory
{
    /// <summary>The mappings with flags; null where one cannot be completed: it is new, or joins parts that had different flags.</summary>
    /// <param name="maps">Mappings of now, ascending, from maps.</param>
    /// <param name="earlier">Mappings of a moment ago, ascending, from smaps.</param>
    public static IReadOnlyList<Vma>? TryComplete(IReadOnlyList<Vma> maps, IReadOnlyList<Vma> earlier)
    {
        var complete = new List<Vma>(maps.Count);
        var next = 0;
        foreach (var vma in maps)
        {
            while (next < earlier.Count && earlier[next].End <= vma.Start)
            {
                next++;
            }

            if (TryFind(vma, earlier, next) is not { } known)
            {
                return null;
            }

            complete.Add(vma with
            {
                VmFlags = known.VmFlags,
                HasVmFlags = known.HasVmFlags,
                UnknownFlags = known.UnknownFlags,
                KernelPageBytes = known.KernelPageBytes,
                ProtectionKey = known.ProtectionKey,
            });
        }

        return complete;
    }

    /// <summary>A mapping that has the same place in both lists and other flags now than it was taken with; null where there is none.</summary>
    public static Vma? FindChanged(IReadOnlyList<Vma> taken, IReadOnlyList<Vma> now)
    {
        var flags = now.ToDictionary(vma => (vma.Start, vma.End));
        return taken.FirstOrDefault(
            vma => flags.TryGetValue((vma.Start, vma.End), out var later) && IsSameObject(vma, later)
                && (Carried(later) != Carried(vma) || later.ProtectionKey != vma.ProtectionKey));
    }

    private static Vma? TryFind(Vma vma, IReadOnlyList<Vma> earlier, int first)
    {
        Vma? found = null;
        for (var index = first; index < earlier.Count && earlier[index].Start < vma.End; index++)
        {
            var candidate = earlier[index];
            if (!IsSameObject(vma, candidate) || (found is not null && Carried(found) != Carried(candidate)))
            {
                return null;
            }

            found = candidate;
        }

        return found;
    }

    private static bool IsSameObject(Vma left, Vma right) =>
        left.Readable == right.Readable && left.Writable == right.Writable && left.Executable == right.Executable
        && left.IsShared == right.IsShared && left.Inode == right.Inode && left.DeviceMajor == right.DeviceMajor
        && left.DeviceMinor == right.DeviceMinor && left.Path == right.Path
        && (left.Inode == 0 || left.Start - left.Offset == right.Start - right.Offset);

    // Our own tracking and the kernel's notes on pages come and go.
    private static VmaFlags Carried(Vma vma) =>
        vma.VmFlags & ~(VmaFlags.UffdWriteProtect | VmaFlags.SoftDirty | VmaFlags.Guard | VmaFlags.Account);
}
