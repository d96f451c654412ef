using Checkpointer.Engine.Images;
using Checkpointer.Engine.Proc;
using Google.Protobuf;

namespace Checkpointer.Engine.Resources;

/// <summary>inotify_init(2). A watch is kept by the path that the watched file has now.</summary>
internal sealed class InotifyKind(FindingList findings, Duplicates duplicates) : IFileKind
{
    private readonly List<(OpenDescriptor Descriptor, Proc.InotifyWatch Watch, Images.InotifyWatch Image)> _nameless = [];

    /// <inheritdoc/>
    public bool Claims(OpenDescriptor descriptor) => descriptor.IsAnonymous("inotify");

    /// <inheritdoc/>
    public string? Describe(OpenDescriptor descriptor, OpenFile image)
    {
        image.Kind = OpenFile.Types.Kind.Inotify;
        foreach (var watch in SpecialFiles.Inotify(descriptor.Info))
        {
            var watchImage = new Images.InotifyWatch { Descriptor_ = watch.Descriptor, Mask = watch.Mask };
            image.InotifyWatches.Add(watchImage);
            if (FileHandles.TryPath(watch) is { } path)
            {
                watchImage.Path = ByteString.CopyFromUtf8(path);
            }
            else
            {
                _nameless.Add((descriptor, watch, watchImage));
            }
        }

        UnreadEvents.Note(descriptor, "inotify", duplicates, findings);
        return null;
    }

    /// <summary>Finds watched files without a name among those that the job has open or mapped, and refuses the others. Precondition: all files of the job
    /// were looked at.</summary>
    public void Resolve(SharedObjectTable objects, RemovedFiles removed)
    {
        foreach (var (descriptor, watch, image) in _nameless)
        {
            image.SharedMemory = objects.Find(watch.Device, watch.Inode);
            image.RemovedFile = removed.Find(watch.Device, watch.Inode);
            if (image.SharedMemory == 0 && image.RemovedFile == 0)
            {
                findings.Refuse(
                    descriptor.Process, "descriptor",
                    $"Descriptor {descriptor.Number} of process {descriptor.Process} is an inotify instance that watches a file without a name that the job does not have open (inode {watch.Inode}, deleted or on a file system without handles); it cannot be carried.");
            }
        }
    }
}
