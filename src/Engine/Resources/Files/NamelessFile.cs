using Checkpointer.Engine.Images;
using Checkpointer.Engine.Interop;
using Checkpointer.Engine.Proc;
using Checkpointer.Engine.Support;

namespace Checkpointer.Engine.Resources;

/// <summary>Files that no name leads to: deleted ones, and memfds. Their bytes go into the generation.</summary>
internal static class NamelessFile
{
    private const string MemfdPrefix = "/memfd:";

    /// <summary>True where a link of /proc shows such a file, and the name that it shows is not the file's by chance.</summary>
    public static bool Is(string target, in FileStat stat)
    {
        _ = ProcText.StripDeleted(target, out var isDeleted);
        return stat.Type == FileFlag.S_IFREG && target.StartsWith('/') && isDeleted && !stat.IsAt(target);
    }

    /// <summary>Enters it.</summary>
    /// <param name="objects">The table.</param>
    /// <param name="target">What the link of /proc shows, with its suffix.</param>
    /// <param name="stat">The file.</param>
    /// <param name="openPath">Path to open it by.</param>
    /// <param name="why">Null, or why it cannot be carried: the end of the sentence "Descriptor 3 of process 4711 is".</param>
    public static SharedMemory Enter(SharedObjectTable objects, string target, in FileStat stat, string openPath, out string? why)
    {
        var path = ProcText.StripDeleted(target, out _);
        var isMemfd = path.StartsWith(MemfdPrefix, StringComparison.Ordinal);
        var kind = isMemfd ? SharedMemory.Types.Kind.Memfd : SharedMemory.Types.Kind.DeletedFile;
        var image = objects.Add(stat, kind, isMemfd ? path[MemfdPrefix.Length..] : path, openPath, out var isNew);
        why = path.Contains('\uFFFD', StringComparison.Ordinal) ? $"{path}, whose name is not UTF-8" : null;
        if (!isNew || why is not null)
        {
            return image;
        }

        image.HugePageBytes = HugePages.BytesOf(openPath);
        if (isMemfd)
        {
            image.Seals = Seals(openPath);
        }
        else if (stat.Links > 0)
        {
            image.Handle = FileHandles.Of(openPath);
        }

        return image;
    }

    private static uint Seals(string openPath)
    {
        using var fd = OwnFd.TryOpen(openPath, FileFlag.O_RDONLY);
        if (fd is null)
        {
            // Closed meanwhile: only in preflight, where the process runs on.
            return 0;
        }

        var seals = Libc.fcntl(fd.Number, FileFlag.F_GET_SEALS, 0);
        LinuxException.ThrowIfFailed(seals, $"fcntl(F_GET_SEALS) of {openPath}");
        return (uint)seals;
    }
}
