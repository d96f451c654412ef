using System.Text;

namespace Checkpointer.Engine.Proc;

/// <summary>The two-letter codes of the <c>VmFlags</c> line (fs/proc/task_mmu.c, show_smap_vma_flags).</summary>
internal static class VmaFlagCodes
{
    /// <summary>Parses what follows <c>VmFlags:</c>.</summary>
    /// <param name="fields">Codes between blanks.</param>
    /// <param name="unknown">Codes that we do not know, joined by spaces; empty where we know all.</param>
    public static VmaFlags Parse(FieldReader fields, out string unknown)
    {
        VmaFlags flags = VmaFlags.None;
        unknown = "";
        while (fields.TryWord(out ReadOnlySpan<byte> code))
        {
            VmaFlags flag = FlagOf(code);
            flags |= flag;
            if (flag == VmaFlags.None)
            {
                string name = Encoding.UTF8.GetString(code);
                unknown = unknown.Length == 0 ? name : $"{unknown} {name}";
            }
        }

        return flags;
    }

    /// <summary>The flag of a code, <see cref="VmaFlags.None"/> where we do not know it.</summary>
    private static VmaFlags FlagOf(ReadOnlySpan<byte> code) => code.Length != 2 ? VmaFlags.None : (code[0], code[1]) switch
    {
        ((byte)'r', (byte)'d') => VmaFlags.Read,
        ((byte)'w', (byte)'r') => VmaFlags.Write,
        ((byte)'e', (byte)'x') => VmaFlags.Execute,
        ((byte)'s', (byte)'h') => VmaFlags.Shared,
        ((byte)'m', (byte)'r') => VmaFlags.MayRead,
        ((byte)'m', (byte)'w') => VmaFlags.MayWrite,
        ((byte)'m', (byte)'e') => VmaFlags.MayExecute,
        ((byte)'m', (byte)'s') => VmaFlags.MayShare,
        ((byte)'g', (byte)'d') => VmaFlags.GrowsDown,
        ((byte)'p', (byte)'f') => VmaFlags.PfnMap,
        ((byte)'d', (byte)'w') => VmaFlags.DenyWrite,
        ((byte)'l', (byte)'o') => VmaFlags.Locked,
        ((byte)'i', (byte)'o') => VmaFlags.Io,
        ((byte)'s', (byte)'r') => VmaFlags.SequentialRead,
        ((byte)'r', (byte)'r') => VmaFlags.RandomRead,
        ((byte)'d', (byte)'c') => VmaFlags.DontCopy,
        ((byte)'d', (byte)'e') => VmaFlags.DontExpand,
        ((byte)'l', (byte)'f') => VmaFlags.LockOnFault,
        ((byte)'a', (byte)'c') => VmaFlags.Account,
        ((byte)'n', (byte)'r') => VmaFlags.NoReserve,
        ((byte)'h', (byte)'t') => VmaFlags.HugeTlb,
        ((byte)'s', (byte)'f') => VmaFlags.SyncFault,
        ((byte)'n', (byte)'l') => VmaFlags.NonLinear,
        ((byte)'a', (byte)'r') => VmaFlags.Architecture,
        ((byte)'w', (byte)'f') => VmaFlags.WipeOnFork,
        ((byte)'d', (byte)'d') => VmaFlags.DontDump,
        ((byte)'s', (byte)'d') => VmaFlags.SoftDirty,
        ((byte)'m', (byte)'m') => VmaFlags.MixedMap,
        ((byte)'h', (byte)'g') => VmaFlags.HugePage,
        ((byte)'n', (byte)'h') => VmaFlags.NoHugePage,
        ((byte)'m', (byte)'g') => VmaFlags.Mergeable,
        ((byte)'b', (byte)'t') => VmaFlags.BranchTargets,
        ((byte)'m', (byte)'t') => VmaFlags.MemoryTags,
        ((byte)'u', (byte)'m') => VmaFlags.UffdMissing,
        ((byte)'u', (byte)'w') => VmaFlags.UffdWriteProtect,
        ((byte)'u', (byte)'i') => VmaFlags.UffdMinor,
        ((byte)'s', (byte)'s') => VmaFlags.ShadowStack,
        ((byte)'s', (byte)'l') => VmaFlags.Sealed,
        ((byte)'d', (byte)'p') => VmaFlags.Droppable,
        ((byte)'g', (byte)'u') => VmaFlags.Guard,
        ((byte)'m', (byte)'p') => VmaFlags.MpxBounds,
        _ => VmaFlags.None,
    };
}
