using Checkpointer.Engine.Images;
using Checkpointer.Engine.Interop;
using Checkpointer.Engine.Support;

namespace Checkpointer.Engine.Restore;

/// <summary>
/// Files that the job had mapped shared and writable: their bytes are memory of the job, so they are put back into the file as they were.
/// </summary>
internal static class MappedFiles
{
    /// <summary>Refuses where a file cannot be put back. Changes nothing.</summary>
    public static void Require(Inventory inventory)
    {
        foreach (var path in inventory.SharedMemory.Where(shared => shared.Kind == SharedMemory.Types.Kind.File).Select(shared => shared.Path.ToStringUtf8()))
        {
            if (FileStat.TryOf(path) is null)
            {
                throw new EngineException(
                    EngineFailure.WorldChanged, $"{path}, which the job has mapped for writing, is missing.", $"make it again (empty is enough): touch {path}");
            }
        }
    }

    /// <summary>Puts all of them back.</summary>
    public static void PutBack(Inventory inventory, ICheckpointSource source, Action<long> bytesDone)
    {
        foreach (var shared in inventory.SharedMemory.Where(shared => shared.Kind == SharedMemory.Types.Kind.File))
        {
            PutBack(shared, source, bytesDone);
        }
    }

    private static void PutBack(SharedMemory shared, ICheckpointSource source, Action<long> bytesDone)
    {
        var path = shared.Path.ToStringUtf8();
        using var fd = OwnFd.Open(path, FileFlag.O_RDWR);
        if (FileStat.Of(path).Bytes < shared.Bytes)
        {
            LinuxException.ThrowIfFailed(Libc.ftruncate64(fd.Number, (long)shared.Bytes), $"ftruncate of {path} to {shared.Bytes}");
        }

        ObjectContents.PutBack(fd, shared, source, bytesDone);
    }
}
