using Checkpointer.Engine.Images;
using Checkpointer.Engine.Interop;
using Checkpointer.Engine.Support;

namespace Checkpointer.Engine.Restore;

/// <summary>Lets inotify instances watch again, when no file is touched by the restore any more: the job must not be told of what we did.</summary>
internal sealed class InotifyWatcher : IDisposable
{
    // The path that was found for a watched file is the file's own, also where that is a symbolic link.
    private const uint IN_DONT_FOLLOW = 0x0200_0000;

    private readonly List<(SafeFd Instance, OpenFile Image)> _instances = [];

    /// <summary>Takes an instance up; it is closed with this.</summary>
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
                Watch(instance, watch);
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _instances.ForEach(entry => entry.Instance.Dispose());

    private static void Watch(SafeFd instance, InotifyWatch watch)
    {
        var wanted = watch.Descriptor_;
        var path = watch.Path.ToStringUtf8();
        // Linux 4.18; takes the number itself, not a pointer to it.
        LinuxException.ThrowIfFailed(Libc.ioctl(instance.Number, SpecialFile.INOTIFY_IOC_SETNEXTWD, wanted), $"ioctl(INOTIFY_IOC_SETNEXTWD, {wanted})");
        var got = Libc.inotify_add_watch(instance.Number, path, watch.Mask | IN_DONT_FOLLOW);
        LinuxException.ThrowIfFailed(got, $"inotify_add_watch of {path}");
        if (got != wanted)
        {
            throw new EngineException(EngineFailure.Failed, $"The inotify watch of {path} got descriptor {got} and not {wanted}.");
        }
    }
}
