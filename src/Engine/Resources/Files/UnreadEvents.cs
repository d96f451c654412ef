using Checkpointer.Engine.Interop;

namespace Checkpointer.Engine.Resources;

/// <summary>Notes events that were not read and that a restore cannot bring back.</summary>
internal static class UnreadEvents
{
    /// <summary>Adds the note where there are any.</summary>
    public static unsafe void Note(OpenDescriptor descriptor, string kind, Duplicates duplicates, FindingList findings)
    {
        using var duplicate = duplicates.TryTake(descriptor);
        var unread = 0;
        if (duplicate is not null && Libc.ioctl(duplicate.Number, FileFlag.FIONREAD, (nint)(&unread)) == 0 && unread > 0)
        {
            findings.Note(
                descriptor.Process, "descriptor",
                $"Descriptor {descriptor.Number} of process {descriptor.Process} has {unread} bytes of {kind} events that were not read; after a restore they are lost.");
        }
    }
}
