using Checkpointer.Engine.Images;
using Checkpointer.Engine.Interop;
using Checkpointer.Engine.Support;
using Checkpointer.Engine.Tracing;
using Checkpointer.Engine.Tracking;

namespace Checkpointer.Engine.Restore;

/// <summary>Puts the bytes of a file or memory object back as they were. Holes stay holes where there was no data since.</summary>
internal static class ObjectContents
{
    private static readonly byte[] _zeros = new byte[1 << 20];

    /// <summary>Puts them back. Precondition: the object is at least as long as it was.</summary>
    public static void PutBack(SafeFd fd, SharedMemory shared, ICheckpointSource source, Action<long> bytesDone)
    {
        var name = shared.Path.IsEmpty ? $"shared memory {shared.Id}" : shared.Path.ToStringUtf8();
        if (shared.HugePageBytes != 0)
        {
            PutBackHuge(fd, shared, source, bytesDone, name);
            return;
        }

        var data = DataRanges.Of(fd, shared.Bytes, name);
        var done = 0ul;
        source.ReadPages($"shared/{shared.Id}", (offset, pages) =>
        {
            Clear(fd, data, done, offset, name);
            // The last page reaches past the end of the file; the file must not grow by it.
            var bytes = (int)Math.Min((ulong)pages.Length, shared.Bytes - offset);
            FileBytes.Write(fd, (long)offset, pages[..bytes], name);
            done = offset + (ulong)pages.Length;
            bytesDone(bytes);
        });
        Clear(fd, data, done, shared.Bytes, name);
    }

    /// <summary>Files in huge pages cannot be written by calls. Mapped, they are written through /proc, which says where there is no page left; touched, it would kill us.</summary>
    private static void PutBackHuge(SafeFd fd, SharedMemory shared, ICheckpointSource source, Action<long> bytesDone, string name)
    {
        HugePages.Empty(fd, shared.Bytes, name);
        using var mapping = new FileMapping(fd, shared.Bytes, name);
        using var memory = RemoteMemory.Open(new ProcessId(Libc.getpid()));
        source.ReadPages($"shared/{shared.Id}", (offset, pages) =>
        {
            memory.Write(mapping.Start + offset, pages);
            bytesDone(pages.Length);
        });
    }

    /// <summary>Zeroes what has data now and had none then.</summary>
    private static void Clear(SafeFd fd, List<PageRange> data, ulong start, ulong end, string name)
    {
        foreach (var range in data.Where(range => range.Start < end && range.End > start))
        {
            for (var offset = Math.Max(start, range.Start); offset < Math.Min(end, range.End);)
            {
                var bytes = (int)Math.Min((ulong)_zeros.Length, Math.Min(end, range.End) - offset);
                FileBytes.Write(fd, (long)offset, _zeros.AsSpan(0, bytes), name);
                offset += (ulong)bytes;
            }
        }
    }
}
