using Checkpointer.CrashLab.Disk;
using Xunit;

namespace Checkpointer.CrashLab;

/// <summary>The model of a disk that all verdicts of the laboratory rest on.</summary>
public sealed class PowerDiskTests : IDisposable
{
    private const int Sectors = 64;
    private readonly string _path = Path.GetTempFileName();

    public PowerDiskTests() => File.WriteAllBytes(_path, new byte[Sectors * PowerDisk.SectorBytes]);

    [Fact]
    public void Read_FindsWhatWasWritten_FlushedOrNot()
    {
        using var disk = new PowerDisk(_path);
        Write(disk, 3, 1);
        disk.Flush();
        Write(disk, 4, 2);

        var found = new byte[3 * PowerDisk.SectorBytes];
        disk.Read(3 * PowerDisk.SectorBytes, found);

        Assert.Equal([1, 2, 0], found.Chunk(PowerDisk.SectorBytes).Select(sector => sector[5]));
    }

    [Fact]
    public void Cut_LosesWhatWasNotFlushed_AndNothingElse()
    {
        using (var disk = new PowerDisk(_path))
        {
            Write(disk, 1, 1);
            disk.Flush();
            Write(disk, 1, 9);
            Write(disk, 2, 9);
            Write(disk, 3, 3, isDurable: true);
            disk.Cut(CutLoss.All, new Random(1));
            Assert.Equal((2, 0), disk.LastCut);
            Assert.Throws<IOException>(() => Write(disk, 5, 5));
        }

        Assert.Equal([0, 1, 0, 3, 0], Medium().Take(5));
    }

    [Fact]
    public void Cut_AtRandom_TearsByItsSeed()
    {
        var media = new List<byte[]>();
        foreach (var seed in new[] { 1, 1, 2 })
        {
            File.WriteAllBytes(_path, new byte[Sectors * PowerDisk.SectorBytes]);
            using var disk = new PowerDisk(_path);
            disk.Write(0, Enumerable.Repeat((byte)7, Sectors * PowerDisk.SectorBytes).ToArray(), isDurable: false);
            disk.Cut(CutLoss.Random, new Random(seed));
            media.Add(Medium());
        }

        Assert.Equal(media[0], media[1]);
        Assert.NotEqual(media[0], media[2]);
        Assert.Contains((byte)0, media[0]);
        Assert.Contains((byte)7, media[0]);
    }

    [Fact]
    public void Cut_OfADiskThatIgnoresFlushes_LosesAll()
    {
        using (var disk = new PowerDisk(_path) { IgnoresFlushes = true })
        {
            Write(disk, 1, 1, isDurable: true);
            disk.Flush();
            disk.Cut(CutLoss.All, new Random(1));
        }

        Assert.DoesNotContain((byte)1, Medium());
    }

    [Fact]
    public void CopyAsCut_LeavesTheDiskAsItIs()
    {
        var copy = _path + ".copy";
        using var disk = new PowerDisk(_path);
        Write(disk, 1, 1);

        disk.CopyAsCut(copy, CutLoss.None, new Random(1));
        Assert.Equal(1, File.ReadAllBytes(copy)[PowerDisk.SectorBytes]);
        disk.CopyAsCut(copy, CutLoss.All, new Random(1));
        Assert.Equal(0, File.ReadAllBytes(copy)[PowerDisk.SectorBytes]);

        disk.Flush();
        Assert.Equal(1, Medium()[1]);
        File.Delete(copy);
    }

    public void Dispose() => File.Delete(_path);

    private static void Write(PowerDisk disk, int sector, byte value, bool isDurable = false)
        => disk.Write(sector * PowerDisk.SectorBytes, Enumerable.Repeat(value, PowerDisk.SectorBytes).ToArray(), isDurable);

    /// <summary>A byte of each sector that is durable.</summary>
    private byte[] Medium() => [.. File.ReadAllBytes(_path).Chunk(PowerDisk.SectorBytes).Select(sector => sector[5])];
}
