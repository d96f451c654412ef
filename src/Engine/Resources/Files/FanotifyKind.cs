using Checkpointer.Engine.Images;
using Checkpointer.Engine.Interop;
using Checkpointer.Engine.Proc;
using Checkpointer.Engine.Support;
using Google.Protobuf;

namespace Checkpointer.Engine.Resources;

/// <summary>fanotify_init(2). Marks are kept by the paths that their files and mounts have now.</summary>
internal sealed class FanotifyKind(FindingList findings, Duplicates duplicates) : IFileKind
{
    /// <inheritdoc/>
    public bool Claims(OpenDescriptor descriptor) => descriptor.IsAnonymous("[fanotify]");

    /// <inheritdoc/>
    public string? Describe(OpenDescriptor descriptor, OpenFile image)
    {
        var group = SpecialFiles.Fanotify(descriptor.Info);
        if ((group.Flags & (FanotifyFlag.FAN_CLASS_CONTENT | FanotifyFlag.FAN_CLASS_PRE_CONTENT)) != 0)
        {
            // While it stands still, whoever opens a file waits for it; and that might be us.
            return "a fanotify group that others ask for permission (FAN_CLASS_CONTENT, FAN_CLASS_PRE_CONTENT)";
        }

        image.Kind = OpenFile.Types.Kind.Fanotify;
        image.Fanotify = new Fanotify { Flags = group.Flags, EventFlags = group.EventFlags };
        foreach (var mark in group.Marks)
        {
            var (path, kind) = PlaceOf(mark);
            if (path is null)
            {
                return "a fanotify group with a mark on a file without a name, or of a kind that this version does not know";
            }

            image.Fanotify.Marks.Add(new FanotifyMark
            {
                Kind = kind,
                Path = ByteString.CopyFromUtf8(path),
                Flags = mark.Flags,
                Mask = mark.Mask,
                IgnoredMask = mark.IgnoredMask,
            });
        }

        UnreadEvents.Note(descriptor, "fanotify", duplicates, findings);
        return null;
    }

    private static (string? Path, uint Kind) PlaceOf(FanotifyMarkInfo mark)
    {
        if (mark.File is { } file)
        {
            return (FileHandles.TryPath(file), 0);
        }

        var mounts = ProcFs.TryMounts(new ProcessId(Environment.ProcessId)) ?? [];
        var isMount = mark.MountId is not null;
        var place = mounts.FirstOrDefault(mount => isMount ? mount.MountId == mark.MountId : FileStat.DeviceOf(mount.Major, mount.Minor) == mark.FileSystem);
        return (place?.MountPoint, isMount ? (uint)FanotifyFlag.FAN_MARK_MOUNT : FanotifyFlag.FAN_MARK_FILESYSTEM);
    }
}
