using Checkpointer.Engine.Images;
using Checkpointer.Engine.Interop;
using Checkpointer.Engine.Support;

namespace Checkpointer.Engine.Resources;

/// <summary>Who gets signals for an open file (fcntl(2), F_SETOWN).</summary>
internal static class FileOwners
{
    /// <summary>Fills in the owner of an open file.</summary>
    /// <param name="descriptor">A descriptor of it.</param>
    /// <param name="image">The open file.</param>
    /// <param name="duplicates">To ask.</param>
    /// <param name="job">IDs of the job's processes and threads.</param>
    /// <returns>Null, or why it cannot be carried: the end of the sentence "Descriptor 3 of process 4711 is".</returns>
    public static unsafe string? Describe(OpenDescriptor descriptor, OpenFile image, Duplicates duplicates, IReadOnlySet<int> job)
    {
        if ((descriptor.Flags & FileFlag.O_PATH) != 0)
        {
            return null;
        }

        using var duplicate = duplicates.TryTake(descriptor);
        if (duplicate is null)
        {
            return null;
        }

        f_owner_ex owner = default;
        LinuxException.ThrowIfFailed(Libc.fcntl(duplicate.Number, FileFlag.F_GETOWN_EX, (nint)(&owner)), $"fcntl(F_GETOWN_EX) of {descriptor.Target}");
        var signal = Libc.fcntl(duplicate.Number, FileFlag.F_GETSIG, 0);
        LinuxException.ThrowIfFailed(signal, $"fcntl(F_GETSIG) of {descriptor.Target}");
        if (owner.pid == 0 && signal == 0)
        {
            return null;
        }

        image.Owner = new FileOwner { Type = owner.type, Id = owner.pid, Signal = signal, SetBy = descriptor.Process.Value };
        return owner.pid == 0 || job.Contains(owner.pid)
            ? null
            : $"{descriptor.Target} and sends signals to process, thread or group {owner.pid} outside of the job (F_SETOWN)";
    }
}
