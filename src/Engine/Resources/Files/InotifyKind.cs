using Checkpointer.Engine.Images;
using Checkpointer.Engine.Proc;
using Google.Protobuf;

namespace Checkpointer.Engine.Resources;

/// <summary>inotify_init(2). A watch is kept by the path that the watched file has now.</summary>
internal sealed class InotifyKind : IFileKind
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

        return null;
    }
}
