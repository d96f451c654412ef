using Checkpointer.Engine.Arch.X64;
using Checkpointer.Engine.Images;
using Checkpointer.Engine.Interop;

namespace Checkpointer.Engine.Restore;

/// <summary>Sets who gets signals for an open file. The kernel remembers the rights of who set it, so a process of the job does.</summary>
internal static class FileOwnerBuilder
{
    /// <summary>Sets the owners that this process had set, or is to set for the job. Precondition: all threads of the job exist and have their rights.</summary>
    public static void Set(RestoredProcess process, DescriptorTable table, IReadOnlyDictionary<uint, OpenFile> files)
    {
        foreach (var descriptor in table.Descriptors.DistinctBy(descriptor => descriptor.OpenFile))
        {
            var image = files[descriptor.OpenFile];
            if (image.Owner is { } owner && owner.SetBy == process.Id.Value)
            {
                Set(process, descriptor.Number, owner);
            }

            if (((int)image.Flags & FileFlag.O_ASYNC) != 0)
            {
                process.Call("fcntl(F_SETFL, O_ASYNC)", Sys.Fcntl, (ulong)descriptor.Number, FileFlag.F_SETFL, image.Flags);
            }
        }
    }

    private static void Set(RestoredProcess process, int number, FileOwner owner)
    {
        if (owner.Id != 0)
        {
            process.Memory.Write(process.Arguments, new f_owner_ex { type = owner.Type, pid = owner.Id });
            process.Call("fcntl(F_SETOWN_EX)", Sys.Fcntl, (ulong)number, FileFlag.F_SETOWN_EX, process.Arguments.Address);
        }

        process.Call("fcntl(F_SETSIG)", Sys.Fcntl, (ulong)number, FileFlag.F_SETSIG, (ulong)owner.Signal);
    }
}
