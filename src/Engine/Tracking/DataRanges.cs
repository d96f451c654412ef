using Checkpointer.Engine.Interop;
using Checkpointer.Engine.Support;

namespace Checkpointer.Engine.Tracking;

/// <summary>Finds what of a shared memory object or file is not a hole (lseek(2) SEEK_DATA), rounded out to pages.</summary>
internal static class DataRanges
{
    private const ulong PageBytes = 4096;

    /// <summary>Ranges with data, ascending.</summary>
    public static List<PageRange> Of(SafeFd fd, ulong bytes, string name)
    {
        var ranges = new List<PageRange>();
        for (var position = 0L; position < (long)bytes;)
        {
            var data = Libc.lseek64(fd.Number, position, FileFlag.SEEK_DATA);
            if (data < 0)
            {
                return LastError.Get() == Errno.ENXIO ? ranges : throw new LinuxException($"lseek(SEEK_DATA) of {name}", LastError.Get());
            }

            var hole = Libc.lseek64(fd.Number, data, FileFlag.SEEK_HOLE);
            LinuxException.ThrowIfFailed((nint)hole, $"lseek(SEEK_HOLE) of {name}");
            Append(ranges, (ulong)data / PageBytes * PageBytes, ((ulong)hole + PageBytes - 1) / PageBytes * PageBytes);
            position = hole;
        }

        return ranges;
    }

    private static void Append(List<PageRange> ranges, ulong start, ulong end)
    {
        if (ranges.Count > 0 && ranges[^1].End >= start)
        {
            ranges[^1] = ranges[^1] with { End = Math.Max(end, ranges[^1].End) };
            return;
        }

        ranges.Add(new PageRange(start, end));
    }
}
