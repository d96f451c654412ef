using Checkpointer.Engine.Proc;
using Checkpointer.Engine.Tracking;

namespace Checkpointer.Engine.Dump;

/// <summary>Picks the mappings whose pages may be the process's own.</summary>
internal static class PrivateMappings
{
    // Of memory in huge pages a clone has its pages only until the pool has none left for what the job writes.
    private const VmaFlags NotForked = VmaFlags.DontCopy | VmaFlags.WipeOnFork | VmaFlags.HugeTlb;

    /// <summary>All private mappings but those of the kernel (vDSO and its data).</summary>
    public static List<PrivateMapping> Of(IReadOnlyList<Vma> vmas)
    {
        var mappings = new List<PrivateMapping>(vmas.Count);
        foreach (var vma in vmas)
        {
            // What may be dropped at any time is: the state of random numbers that libc keeps there must not come back twice.
            if (!vma.IsShared && !vma.IsVdso && !vma.IsVvar && !vma.IsVsyscall && !vma.VmFlags.HasFlag(VmaFlags.Droppable))
            {
                mappings.Add(new PrivateMapping(
                    new PageRange(vma.Start, vma.End), vma.Inode != 0, (vma.VmFlags & NotForked) == 0, vma.Writable, vma.VmFlags.HasFlag(VmaFlags.HugeTlb)));
            }
        }

        return mappings;
    }
}
