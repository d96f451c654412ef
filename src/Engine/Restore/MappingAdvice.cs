using Checkpointer.Engine.Interop;
using Checkpointer.Engine.Proc;

namespace Checkpointer.Engine.Restore;

/// <summary>Which madvise(2) gives a mapping which flag.</summary>
internal static class MappingAdvice
{
    /// <summary>All that a restore sets again.</summary>
    public static IReadOnlyList<(VmaFlags Flag, int Advice)> All { get; } =
    [
        (VmaFlags.HugePage, Memory.MADV_HUGEPAGE),
        (VmaFlags.NoHugePage, Memory.MADV_NOHUGEPAGE),
        (VmaFlags.SequentialRead, Memory.MADV_SEQUENTIAL),
        (VmaFlags.RandomRead, Memory.MADV_RANDOM),
        (VmaFlags.DontCopy, Memory.MADV_DONTFORK),
        (VmaFlags.DontDump, Memory.MADV_DONTDUMP),
        (VmaFlags.WipeOnFork, Memory.MADV_WIPEONFORK),
        (VmaFlags.Mergeable, Memory.MADV_MERGEABLE),
    ];
}
