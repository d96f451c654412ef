using Checkpointer.Engine.Images;
using Checkpointer.Engine.Proc;
using Checkpointer.Engine.Tracking;

namespace Checkpointer.Engine.Restore;

/// <summary>
/// Memory that a process under restore has from its maker, by copy on write, as it had when the job ran: what is the same in both stays one page.
/// </summary>
/// <param name="Layout">The address space whose mappings it has.</param>
/// <param name="Executable">Path of its executable.</param>
/// <param name="OwnPages">Pages of private mappings that are not a file's.</param>
internal sealed record InheritedMemory(AddressSpace Layout, string Executable, PageSet OwnPages)
{
    // Not inherited by fork(2), or set when the contents are there.
    private const VmaFlags Fleeting = VmaFlags.Locked | VmaFlags.LockOnFault;
    private const VmaFlags NotForked = VmaFlags.DontCopy | VmaFlags.WipeOnFork;

    /// <summary>True where a process shares enough with its maker that the maker should have its memory before the process is made.</summary>
    public static bool IsWorthwhile(ProcessImages maker, ProcessImages child) =>
        maker.Process.Executable.Equals(child.Process.Executable)
        && Kept(maker.Space, child.Space).Any(mapping => mapping.Kind == Mapping.Types.Kind.Anonymous);

    /// <summary>The mappings of a process that can stay as they were inherited.</summary>
    public PageSet KeptBy(ProcessImages child) => child.Process.Executable.ToStringUtf8() == Executable
        ? PageSet.Of([.. Kept(Layout, child.Space).Select(mapping => new PageRange(mapping.Start, mapping.End))])
        : PageSet.Empty;

    private static IEnumerable<Mapping> Kept(AddressSpace layout, AddressSpace space)
    {
        var candidate = 0;
        foreach (var mapping in space.Mappings)
        {
            while (candidate < layout.Mappings.Count && layout.Mappings[candidate].End <= mapping.Start)
            {
                candidate++;
            }

            if (candidate < layout.Mappings.Count && IsPartOf(mapping, layout.Mappings[candidate]))
            {
                yield return mapping;
            }
        }
    }

    private static bool IsPartOf(Mapping mapping, Mapping whole) =>
        mapping.Kind is Mapping.Types.Kind.Anonymous or Mapping.Types.Kind.File
        && !mapping.IsShared && !whole.IsShared
        && whole.Start <= mapping.Start && mapping.End <= whole.End
        && mapping.Kind == whole.Kind
        && mapping.Protection == whole.Protection
        && mapping.HugePageBytes == 0 && whole.HugePageBytes == 0
        && ((VmaFlags)mapping.Flags & ~Fleeting) == ((VmaFlags)whole.Flags & ~Fleeting)
        && ((VmaFlags)whole.Flags & NotForked) == 0
        && (mapping.Kind == Mapping.Types.Kind.Anonymous || IsSamePlace(mapping, whole));

    private static bool IsSamePlace(Mapping mapping, Mapping whole) =>
        mapping.Path.Equals(whole.Path)
        && Equals(mapping.Identity, whole.Identity)
        && mapping.SharedMemory == whole.SharedMemory
        && mapping.Offset - whole.Offset == mapping.Start - whole.Start;
}
