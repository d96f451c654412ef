using Checkpointer.Engine.Proc;

namespace Checkpointer.Engine.Tests.Resources;

/// <summary>Hand-made mappings.</summary>
internal static class Vmas
{
    /// <summary>Private anonymous memory that can be read and written.</summary>
    public static Vma Anonymous { get; } = new()
    {
        Start = 0x7f0000000000,
        End = 0x7f0000004000,
        Readable = true,
        Writable = true,
        Executable = false,
        IsShared = false,
        Offset = 0,
        DeviceMajor = 0,
        DeviceMinor = 0,
        Inode = 0,
        Path = "",
        IsDeleted = false,
        VmFlags = VmaFlags.Read | VmaFlags.Write | VmaFlags.MayRead | VmaFlags.MayWrite | VmaFlags.MayExecute,
        HasVmFlags = true,
        UnknownFlags = "",
        KernelPageBytes = 4096,
        ProtectionKey = 0,
    };

    /// <summary>The same with a path.</summary>
    public static Vma Named(string path) => Anonymous with { Path = path };

    /// <summary>The same with one more flag.</summary>
    public static Vma Flagged(VmaFlags flag) => Anonymous with { VmFlags = Anonymous.VmFlags | flag };
}
