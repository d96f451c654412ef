using Checkpointer.Engine.Images;
using Checkpointer.Engine.Interop;
using Checkpointer.Engine.Support;

namespace Checkpointer.Engine.Restore;

/// <summary>Finds or makes the inode of a FIFO.</summary>
internal static class FifoBuilder
{
    private const uint OnlyForUs = 0x180; // 0600

    /// <summary>A path of the FIFO. One whose name was deleted gets a name, which the caller takes away.</summary>
    public static string Provide(Fifo image)
    {
        var path = image.Path.ToStringUtf8();
        if (!image.IsDeleted && FileStat.TryOf(path) is { } now)
        {
            return now.Type == FileFlag.S_IFIFO
                ? path
                : throw new EngineException(EngineFailure.WorldChanged, $"{path}, a FIFO of the job, is another kind of file by now.", "move that file away and recover again");
        }

        var name = FileStat.TryOf(path, followsLinks: false) is null ? path : $"{path}.checkpointer-{Environment.ProcessId}";
        if (Libc.mkfifo(name, OnlyForUs) < 0)
        {
            throw new EngineException(EngineFailure.WorldChanged, $"{path}, a FIFO of the job, cannot be made again: {LastError.Get()}.", "make its directory, writable, and recover again");
        }

        LinuxException.ThrowIfFailed(Libc.chown(name, image.Owner, image.Group), $"chown of {name}");
        LinuxException.ThrowIfFailed(Libc.chmod(name, image.Mode), $"chmod of {name}");
        return name;
    }
}
