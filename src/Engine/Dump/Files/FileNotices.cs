using Checkpointer.Engine.Images;
using Checkpointer.Engine.Interop;

namespace Checkpointer.Engine.Dump;

/// <summary>Tells which files a job would notice being opened and read: a dump must not change what the job sees.</summary>
internal sealed class FileNotices
{
    // FAN_ACCESS, FAN_OPEN and FAN_CLOSE_NOWRITE have the same bits.
    private const uint Reading = SpecialFile.IN_ACCESS | SpecialFile.IN_OPEN | SpecialFile.IN_CLOSE_NOWRITE;

    private readonly HashSet<(ulong Device, ulong Inode)> _leased;
    private readonly HashSet<string> _watched;
    private readonly bool _isAllWatched;

    /// <summary>From the open files of the job.</summary>
    public FileNotices(Files files)
    {
        _leased = [.. files.OpenFiles.Where(file => file.Locks.Any(held => held.Kind == FileLock.Types.Kind.Lease)).Select(file => (file.Device, file.Inode))];
        _watched = [.. files.OpenFiles.SelectMany(file => file.InotifyWatches).Where(watch => (watch.Mask & Reading) != 0).Select(watch => watch.Path.ToStringUtf8())];
        var marks = files.OpenFiles.Where(file => file.Fanotify is not null).SelectMany(file => file.Fanotify.Marks).Where(mark => (mark.Mask & Reading) != 0).ToList();
        _watched.UnionWith(marks.Where(mark => mark.Kind == 0).Select(mark => mark.Path.ToStringUtf8()));
        _isAllWatched = marks.Any(mark => mark.Kind != 0);
    }

    /// <summary>How the job would notice; the end of a sentence "The file". Null where it would not.</summary>
    public string? OfReading(string path, (ulong Device, ulong Inode) file)
    {
        if (_leased.Contains(file))
        {
            return "is leased (F_SETLEASE), and reading it would break the lease";
        }

        return _isAllWatched || _watched.Contains(path) || _watched.Contains(Path.GetDirectoryName(path)!)
            ? "is watched by the job for being opened or read (inotify, fanotify), and would be reported"
            : null;
    }
}
