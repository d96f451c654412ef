using Checkpointer.EndToEnd.Tests.Support;
using Checkpointer.Engine.Interop;
using Checkpointer.Engine.Support;
using Checkpointer.Engine.Tests.Support;
using Checkpointer.Engine.Tracking;
using Xunit;
using Libc = Checkpointer.Engine.Interop.Libc;

namespace Checkpointer.Engine.Tests.Tracking;

/// <summary>Both ways of asking for our own pages find exactly those that were touched.</summary>
[Trait("kind", "kernel")]
public sealed class PageMapTests
{
    private const int PageBytes = 4096;

    [RootTheory]
    [InlineData(true)]
    [InlineData(false)]
    public void AddOwnPages_FindsWrittenPagesJoined(bool useScan)
    {
        using var area = new Area(64);
        int[] written = [0, 1, 2, 7, 31, 32, 63];
        Array.ForEach(written, area.Write);

        var ranges = area.OwnPages(useScan);

        Assert.Equal([(0, 3), (7, 8), (31, 33), (63, 64)], ranges);
    }

    [RootTheory]
    [InlineData(true)]
    [InlineData(false)]
    public void AddOwnPages_OfMoreRangesThanOneCallGives_FindsAll(bool useScan)
    {
        const int Pages = 20_000;
        using var area = new Area(Pages);
        var written = Enumerable.Range(0, Pages / 2).Select(index => index * 2).ToList();
        written.ForEach(area.Write);

        var ranges = area.OwnPages(useScan);

        Assert.Equal(written.Select(page => (page, page + 1)), ranges);
    }

    [RootTheory]
    [InlineData(true)]
    [InlineData(false)]
    public void AddOwnPages_AfterTheyWereDropped_FindsNothing(bool useScan)
    {
        const int DontNeed = 4; // MADV_DONTNEED
        using var area = new Area(8);
        area.Write(3);

        Assert.Equal(0, Libc.madvise(area.Address, 8 * PageBytes, DontNeed));

        Assert.Empty(area.OwnPages(useScan));
    }

    [RootTheory]
    [InlineData(true)]
    [InlineData(false)]
    public void AddOwnPages_OfPagesThatWereOnlyRead_FindsNone(bool useScan)
    {
        using var area = new Area(16);
        area.Write(4);
        area.Read(5);
        area.Read(9);

        Assert.Equal([(4, 5)], area.OwnPages(useScan));
    }

    [RootTheory]
    [InlineData(true)]
    [InlineData(false)]
    public void AddOwnPages_OfAPrivateFileMapping_FindsOnlyChangedPages(bool useScan)
    {
        using var scratch = new Scratch();
        File.WriteAllBytes(scratch["file"], new byte[8 * PageBytes]);
        using var file = File.OpenHandle(scratch["file"]);
        using var area = new Area(8, (int)file.DangerousGetHandle());
        Enumerable.Range(0, 8).ToList().ForEach(area.Read);
        area.Write(6);

        Assert.Equal([(6, 7)], area.OwnPages(useScan));
    }

    [RootTheory]
    [InlineData(true)]
    [InlineData(false)]
    public void AddForeignPages_AreAllThatAreNotOwn(bool useScan)
    {
        const int DontNeed = 4; // MADV_DONTNEED
        using var area = new Area(64);
        Enumerable.Range(0, 64).ToList().ForEach(area.Write);
        Assert.Equal(0, Libc.madvise(area.Address + (8 * PageBytes), 4 * PageBytes, DontNeed));

        var (foreign, guards) = area.ForeignPages(useScan);

        Assert.Equal([(8, 12)], foreign);
        Assert.Empty(guards);
    }

    [RootFact]
    public void AddForeignPages_ZeroPageAndGuards_AreForeign()
    {
        using var area = new Area(16);
        area.Write(1);
        area.Write(2);
        area.Read(5);
        var hasGuards = Libc.madvise(area.Address + (2 * PageBytes), PageBytes, Memory.MADV_GUARD_INSTALL) == 0;

        var (foreign, guards) = area.ForeignPages(useScan: true);

        Assert.Equal(hasGuards ? [(0, 1), (2, 16)] : [(0, 1), (3, 16)], foreign);
        Assert.Equal(hasGuards && Environment.OSVersion.Version >= new Version(6, 15) ? [(2, 3)] : [], guards);
    }

    [RootFact]
    public void AddForeignPages_OfAPrivateFileMapping_AreThoseOfTheFile()
    {
        using var scratch = new Scratch();
        File.WriteAllBytes(scratch["file"], new byte[8 * PageBytes]);
        using var file = File.OpenHandle(scratch["file"]);
        using var area = new Area(8, (int)file.DangerousGetHandle());
        Enumerable.Range(0, 8).ToList().ForEach(area.Read);
        area.Write(6);

        Assert.Equal([(0, 6), (7, 8)], area.ForeignPages(useScan: true).Foreign);
    }

    [RootFact]
    public void AddOwnPages_OnThisKernel_UsesTheScan()
    {
        using var area = new Area(1);
        using var pages = PageMap.Open(new ProcessId(Environment.ProcessId));

        pages.AddOwnPages(area.Mapping, []);

        Assert.Equal(Environment.OSVersion.Version >= new Version(6, 7), pages.HasScan);
    }

    [Fact]
    public void Open_OfNoProcess_Throws()
    {
        Assert.Equal(Errno.ENOENT, Assert.Throws<LinuxException>(() => PageMap.Open(new ProcessId(int.MaxValue))).Errno);
    }
}
