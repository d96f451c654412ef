using Checkpointer.Engine.Images;
using Checkpointer.Engine.Interop;
using Checkpointer.Engine.Support;

namespace Checkpointer.Engine.Restore;

/// <summary>Lets inotify instances and fanotify groups watch again, when no file is touched by the restore any more: the job must not be told of what we did.</summary>
internal sealed class InotifyWatcher : IDisposable
{
    // The path that was found for a watched file is the file's own, also where that is a symbolic link.
    private const uint IN_DONT_FOLLOW = 0x0200_0000;

    private readonly List<(SafeFd Instance, OpenFile Image)> _instances = [];
    private readonly Dictionary<InotifyWatch, SafeFd> _nameless = new(ReferenceEqualityComparer.Instance);

    /// <summary>Takes an instance up; it is closed with this.</summary>
    /// <param name="instance">The instance.</param>
    /// <param name="image">What it watches.</param>
    /// <param name="shared">Where files without a name are, regular ones.</param>
    /// <param name="removed">And others.</param>
    public SafeFd Keep(SafeFd instance, OpenFile image, SharedObjects shared, RemovedFileBuilder removed)
    {
        foreach (var watch in image.InotifyWatches.Where(watch => watch.Path.IsEmpty))
        {
            // With O_PATH nobody is told of the opening and closing.
            _nameless.Add(watch, watch.RemovedFile != 0 ? removed.Open(watch.RemovedFile, FileFlag.O_PATH) : OpenPath(shared.PathOf(watch.SharedMemory)));
        }

        return Keep(instance, image);
    }

    /// <summary>Takes a fanotify group up; it is closed with this.</summary>
    public SafeFd Keep(SafeFd instance, OpenFile image)
    {
        _instances.Add((instance, image));
        return instance;
    }

    /// <summary>Adds all watches, under their old watch descriptors.</summary>
    public void Watch()
    {
        foreach (var (instance, image) in _instances)
        {
            foreach (var watch in image.InotifyWatches)
            {
                Watch(instance, watch, _nameless.GetValueOrDefault(watch));
            }

            // The kernel shows the last one first.
            foreach (var mark in (image.Fanotify?.Marks ?? []).Reverse())
            {
                Mark(instance, mark);
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _instances.ForEach(entry => entry.Instance.Dispose());
        foreach (var fd in _nameless.Values)
        {
            fd.Dispose();
        }
    }

    private static SafeFd OpenPath(string path)
    {
        return OwnFd.Open(path, FileFlag.O_PATH);
    }

    private static void Watch(SafeFd instance, InotifyWatch watch, SafeFd? nameless)
    {
        var wanted = watch.Descriptor_;
        var path = nameless?.Path ?? watch.Path.ToStringUtf8();
        // Linux 4.18; takes the number itself, not a pointer to it.
        LinuxException.ThrowIfFailed(Libc.ioctl(instance.Number, SpecialFile.INOTIFY_IOC_SETNEXTWD, wanted), $"ioctl(INOTIFY_IOC_SETNEXTWD, {wanted})");
        var got = Libc.inotify_add_watch(instance.Number, path, watch.Mask | (nameless is null ? IN_DONT_FOLLOW : 0));
        LinuxException.ThrowIfFailed(got, $"inotify_add_watch of {path}");
        if (got != wanted)
        {
            throw new EngineException(EngineFailure.Failed, $"The inotify watch of {path} got descriptor {got} and not {wanted}.");
        }
    }

    private static void Mark(SafeFd group, FanotifyMark mark)
    {
        var flags = FanotifyFlag.FAN_MARK_ADD | mark.Kind | (mark.Kind == 0 ? FanotifyFlag.FAN_MARK_DONT_FOLLOW : 0u);
        if (mark.Mask != 0)
        {
            Mark(group, flags | (mark.Flags & FanotifyFlag.FAN_MARK_EVICTABLE), mark.Mask, mark.Path.ToStringUtf8());
        }

        if (mark.IgnoredMask != 0)
        {
            var ignores = (mark.Flags & FanotifyFlag.FAN_MARK_IGNORE) != 0 ? FanotifyFlag.FAN_MARK_IGNORE : FanotifyFlag.FAN_MARK_IGNORED_MASK;
            var kept = mark.Flags & (FanotifyFlag.FAN_MARK_EVICTABLE | FanotifyFlag.FAN_MARK_IGNORED_SURV_MODIFY);
            Mark(group, flags | (uint)ignores | kept, mark.IgnoredMask, mark.Path.ToStringUtf8());
        }
    }

    private static void Mark(SafeFd group, uint flags, ulong mask, string path) =>
        LinuxException.ThrowIfFailed(Libc.fanotify_mark(group.Number, flags, mask, FileFlag.AT_FDCWD, path), $"fanotify_mark of {path}");
}
