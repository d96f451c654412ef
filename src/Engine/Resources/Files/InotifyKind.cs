using Checkpointer.Engine.Images;
using Checkpointer.Engine.Interop;
using Checkpointer.Engine.Proc;
using Google.Protobuf;

namespace Checkpointer.Engine.Resources;

/// <summary>inotify_init(2). A watch is kept by the path that the watched file has now.</summary>
internal sealed class InotifyKind(FindingList findings, Duplicates duplicates) : IFileKind
{
    /// <inheritdoc/>
    public bool Claims(OpenDescriptor descriptor) => descriptor.IsAnonymous("inotify");

    /// <inheritdoc/>
    public string? Describe(OpenDescriptor descriptor, OpenFile image)
    {
        image.Kind = OpenFile.Types.Kind.Inotify;
        foreach (var watch in SpecialFiles.Inotify(descriptor.Info))
        {
            if (FileHandles.TryPath(watch) is not { } path)
            {
                return $"an inotify instance that watches a file without a name (inode {watch.Inode}, deleted or on a file system without handles)";
            }

            image.InotifyWatches.Add(new Images.InotifyWatch { Descriptor_ = watch.Descriptor, Mask = watch.Mask, Path = ByteString.CopyFromUtf8(path) });
        }

        NoteUnread(descriptor);
        return null;
    }

    private unsafe void NoteUnread(OpenDescriptor descriptor)
    {
        using var duplicate = duplicates.TryTake(descriptor);
        var unread = 0;
        if (duplicate is not null && Libc.ioctl(duplicate.Number, FileFlag.FIONREAD, (nint)(&unread)) == 0 && unread > 0)
        {
            findings.Note(
                descriptor.Process, "descriptor",
                $"Descriptor {descriptor.Number} of process {descriptor.Process} has {unread} bytes of inotify events that were not read; after a restore they are lost.");
        }
    }
}
