using Checkpointer.Engine.Images;
using Checkpointer.Engine.Interop;
using Checkpointer.Engine.Support;
using Checkpointer.Engine.Tracking;

namespace Checkpointer.Engine.Restore;

/// <summary>
/// Files that the job had mapped shared and writable: their bytes are memory of the job, so they are put back into the file as they were.
/// </summary>
internal static class MappedFiles
{
    private static readonly byte[] _zeros = new byte[1 << 20];

    /// <summary>Refuses where a file cannot be put back. Changes nothing.</summary>
    public static void Require(Inventory inventory)
    {
        foreach (var path in inventory.SharedMemory.Where(shared => !shared.Path.IsEmpty).Select(shared => shared.Path.ToStringUtf8()))
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
        foreach (var shared in inventory.SharedMemory.Where(shared => !shared.Path.IsEmpty))
        {
            PutBack(shared, source, bytesDone);
        }
    }

    private static void PutBack(SharedMemory shared, ICheckpointSource source, Action<long> bytesDone)
    {
        var path = shared.Path.ToStringUtf8();
        var number = Libc.open(path, FileFlag.O_RDWR | FileFlag.O_CLOEXEC, 0);
        LinuxException.ThrowIfFailed(number, $"open of {path}");
        using var fd = new SafeFd(number);
        if (FileStat.Of(path).Bytes < shared.Bytes)
        {
            LinuxException.ThrowIfFailed(Libc.ftruncate64(number, (long)shared.Bytes), $"ftruncate of {path} to {shared.Bytes}");
        }

        var data = DataRanges.Of(fd, shared.Bytes, path);
        var done = 0ul;
        source.ReadPages($"shared/{shared.Id}", (offset, pages) =>
        {
            Clear(fd, data, done, offset, path);
            // The last page reaches past the end of the file; the file must not grow by it.
            var bytes = (int)Math.Min((ulong)pages.Length, shared.Bytes - offset);
            FileBytes.Write(fd, (long)offset, pages[..bytes], path);
            done = offset + (ulong)pages.Length;
            bytesDone(bytes);
        });
        Clear(fd, data, done, shared.Bytes, path);
    }

    /// <summary>Zeroes what has data now and had none then.</summary>
    private static void Clear(SafeFd fd, List<PageRange> data, ulong start, ulong end, string path)
    {
        foreach (var range in data.Where(range => range.Start < end && range.End > start))
        {
            for (var offset = Math.Max(start, range.Start); offset < Math.Min(end, range.End);)
            {
                var bytes = (int)Math.Min((ulong)_zeros.Length, Math.Min(end, range.End) - offset);
                FileBytes.Write(fd, (long)offset, _zeros.AsSpan(0, bytes), path);
                offset += (ulong)bytes;
            }
        }
    }
}
