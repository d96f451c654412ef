using Checkpointer.Engine.Images;
using Checkpointer.Engine.Interop;
using Checkpointer.Engine.Resources;
using Checkpointer.Engine.Support;

namespace Checkpointer.Engine.Restore;

/// <summary>Makes deleted files again: under their old name, which is taken away at once. A file that still has another name is opened by its handle.</summary>
internal static class DeletedFileBuilder
{
    private const uint OnlyForUs = 0x180; // 0600

    /// <summary>Makes or finds one; it has its size, owner and mode, and is empty where it is new.</summary>
    public static SafeFd Build(SharedMemory image)
    {
        var path = image.Path.ToStringUtf8();
        var directory = ExistingDirectory(path);
        if (!image.Handle.IsEmpty && FileHandles.TryOpen(directory, image.Handle.Span, FileFlag.O_RDWR) is { } found)
        {
            return found;
        }

        var fd = Make(path, directory);
        LinuxException.ThrowIfFailed(Libc.ftruncate64(fd.Number, (long)image.Bytes), $"ftruncate of {path} (deleted)");
        LinuxException.ThrowIfFailed(Libc.fchown(fd.Number, image.Owner, image.Group), $"fchown of {path} (deleted)");
        LinuxException.ThrowIfFailed(Libc.fchmod(fd.Number, image.Mode), $"fchmod of {path} (deleted)");
        return fd;
    }

    private static SafeFd Make(string path, string directory)
    {
        var number = Libc.open(path, FileFlag.O_RDWR | FileFlag.O_CREAT | FileFlag.O_EXCL | FileFlag.O_NOFOLLOW | FileFlag.O_CLOEXEC, OnlyForUs);
        if (number >= 0)
        {
            var fd = new SafeFd(number);
            LinuxException.ThrowIfFailed(Libc.unlink(path), $"unlink of {path}");
            return fd;
        }

        // The name is another file's by now, or its directory is gone: then it gets none.
        number = Libc.open(directory, FileFlag.O_RDWR | FileFlag.O_TMPFILE | FileFlag.O_CLOEXEC, OnlyForUs);
        if (number < 0)
        {
            throw new EngineException(
                EngineFailure.WorldChanged, $"The job had {path} open, which was deleted; it cannot be made again in {directory}: {LastError.Get()}.", "make that directory writable and recover again");
        }

        return new SafeFd(number);
    }

    private static string ExistingDirectory(string path)
    {
        var directory = Path.GetDirectoryName(path);
        while (directory is { Length: > 1 } && !Directory.Exists(directory))
        {
            directory = Path.GetDirectoryName(directory);
        }

        return directory ?? "/";
    }
}
