using Checkpointer.Engine.Interop;
using Checkpointer.Engine.Support;
using Checkpointer.Engine.Tests.Support;
using Checkpointer.Engine.Tracking;
using Xunit;

namespace Checkpointer.Engine.Tests.Tracking;

/// <summary>Data and holes of files, in memory and on disk.</summary>
[Trait("kind", "unit")]
public sealed class DataRangesTests
{
    private const int PageBytes = 4096;

    /// <summary>Holes of disks may be coarser than pages; none has blocks above this.</summary>
    private const int Apart = 1 << 20;

    [Theory]
    [InlineData("/dev/shm")]
    [InlineData("/tmp")]
    public void Of_ASparseFile_FindsTheDataRoundedToPages(string directory)
    {
        using var scratch = new Scratch(directory);
        Write(scratch["file"], 8 * Apart, Apart + 5, (3 * Apart) + PageBytes - 1);

        var ranges = Of(scratch["file"], 8 * Apart);

        Assert.Equal(2, ranges.Count);
        Assert.All(ranges, range => Assert.Equal((0ul, 0ul), (range.Start % PageBytes, range.End % PageBytes)));
        Assert.True(Covers(ranges[0], Apart + 5) && Covers(ranges[1], (3 * Apart) + PageBytes - 1), string.Join(' ', ranges));
        Assert.All(ranges, range => Assert.InRange((int)range.Bytes, PageBytes, Apart / 2));
    }

    [Theory]
    [InlineData("/dev/shm")]
    [InlineData("/tmp")]
    public void Of_AHoleOnly_FindsNothing(string directory)
    {
        using var scratch = new Scratch(directory);
        Write(scratch["file"], Apart);

        Assert.Empty(Of(scratch["file"], Apart));
    }

    [Fact]
    public void Of_AFileThatEndsInAPage_RoundsUp()
    {
        using var scratch = new Scratch("/dev/shm");
        File.WriteAllBytes(scratch["file"], new byte[PageBytes + 1]);

        Assert.Equal([new PageRange(0, 2 * PageBytes)], Of(scratch["file"], PageBytes + 1));
    }

    [Fact]
    public void Of_NoBytes_FindsNothing()
    {
        using var scratch = new Scratch("/dev/shm");
        File.WriteAllBytes(scratch["file"], [1]);

        Assert.Empty(Of(scratch["file"], 0));
    }

    [Fact]
    public void Of_SomethingWithoutPositions_NamesIt()
    {
        using var pipe = new System.IO.Pipes.AnonymousPipeServerStream();
        using var fd = new SafeFd(Libc.fcntl((int)pipe.SafePipeHandle.DangerousGetHandle(), 0, 0)); // F_DUPFD

        var failure = Assert.Throws<LinuxException>(() => DataRanges.Of(fd, PageBytes, "the pipe"));

        Assert.Equal(("lseek(SEEK_DATA) of the pipe: ESPIPE", Errno.ESPIPE), (failure.Message, failure.Errno));
    }

    private static bool Covers(PageRange range, int offset) => range.Start <= (ulong)offset && (ulong)offset < range.End;

    private static void Write(string path, long bytes, params IEnumerable<long> offsets)
    {
        using var file = File.OpenHandle(path, FileMode.CreateNew, FileAccess.Write);
        RandomAccess.SetLength(file, bytes);
        foreach (var offset in offsets)
        {
            RandomAccess.Write(file, [1], offset);
        }
    }

    private static List<PageRange> Of(string path, ulong bytes)
    {
        var number = Libc.open(path, FileFlag.O_RDONLY | FileFlag.O_CLOEXEC, 0);
        LinuxException.ThrowIfFailed(number, path);
        using var fd = new SafeFd(number);
        return DataRanges.Of(fd, bytes, path);
    }
}
