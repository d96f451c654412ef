using Checkpointer.Store.Tests.Support;

namespace Checkpointer.Store.Tests.Generations;

[Trait("kind", "store")]
public sealed class RoundTripTests() : StoreTest(onDisk: true)
{
    [Fact]
    public void Generation_ReadBack_IsWhatWasWritten()
    {
        using var store = OpenStoreWithJob();
        var memory = HalfCompressible(40 * Page, 1);
        var image = Noise(150_000, 2);

        var record = Commit(store, "job", null, content => content.Write(0x7fff_0000_3000, memory), image);

        using var reader = store.OpenGeneration(record.Name);
        Assert.Equal(image, reader.ReadImage("image"));
        Assert.Equal(["image"], reader.ImageNames);
        Assert.Equal(["memory"], reader.ContentNames);
        var pages = ReadPages(store, record.Name);
        Assert.Equal(memory, pages.Values.SelectMany(page => page).ToArray());
        Assert.Equal(0x7fff_0000_3000UL, pages.Keys.First());
        Assert.Equal([record], store.Generations("job"));
        Assert.Equal(new GenerationName("job", 1), record.Name);
        Assert.Equal(PackFiles().Sum(file => new FileInfo(file).Length), record.NewBytes);
        AssertSound(store);
    }

    [Fact]
    public void Content_AtBothEndsOfTheAddressSpace_ReadsBack()
    {
        using var store = OpenStoreWithJob();
        var page = Noise(Page, 3);

        var record = Commit(store, "job", null, content =>
        {
            content.Write(0, page);
            content.Write(0xffff_ffff_ffff_f000, page);
        });

        Assert.Equal((ulong[])[0UL, 0xffff_ffff_ffff_f000], ReadPages(store, record.Name).Keys);
    }

    [Fact]
    public void ZeroPages_Anywhere_AreNeverStored()
    {
        using var store = OpenStoreWithJob();
        var memory = new byte[16 * Page];
        memory[3 * Page] = 1;
        memory[(9 * Page) + 5] = 2;
        memory[(10 * Page) + 4095] = 3;

        var record = Commit(store, "job", null, content => content.Write(0, memory));

        Assert.Equal((ulong[])[3UL * Page, 9UL * Page, 10UL * Page], ReadPages(store, record.Name).Keys);
        Assert.True(store.Statistics().PlainBytes < 4 * Page, "zero pages were stored");
    }

    [Fact]
    public void WrittenZeroPage_HidesTheBase()
    {
        using var store = OpenStoreWithJob();
        var first = Commit(store, "job", null, content => content.Write(0, Noise(8 * Page, 4)));

        var second = Commit(store, "job", first.Name, content => content.Write(2 * Page, new byte[3 * Page]));

        Assert.Equal((ulong[])[0UL, Page, 5UL * Page, 6UL * Page, 7UL * Page], ReadPages(store, second.Name).Keys);
        Assert.Equal(8, ReadPages(store, first.Name).Count);
    }

    [Fact]
    public void HugeClear_OverSparseContent_LeavesOnlyWhatIsOutside()
    {
        using var store = OpenStoreWithJob();
        ulong[] offsets = [0, 5UL << 22, 3UL << 30, (3UL << 30) + (7UL << 22), 1UL << 46, 0xffff_ffff_ffff_f000];
        var first = Commit(store, "job", null, content =>
        {
            foreach (var offset in offsets)
            {
                content.Write(offset, Noise(Page, (int)(offset >> 40)));
            }
        });

        var second = Commit(store, "job", first.Name, content => content.Clear(Page, (1UL << 63) + (3UL << 30) - Page));

        Assert.Equal((ulong[])[0UL, 0xffff_ffff_ffff_f000], ReadPages(store, second.Name).Keys);
        Assert.Equal(offsets, ReadPages(store, first.Name).Keys);
    }

    [Fact]
    public void Content_NotOpenedAgain_IsNotInTheNextGeneration()
    {
        using var store = OpenStoreWithJob();
        var first = Commit(store, "job", null, content => content.Write(0, Noise(Page, 1)));

        using var writer = store.Begin("job", first.Name);
        writer.OpenContent("other").Dispose();
        var second = writer.Commit(Summary);

        using var reader = store.OpenGeneration(second.Name);
        Assert.Equal(["other"], reader.ContentNames);
        Fails(StoreFailure.NotFound, () => reader.ReadContent("memory", (_, _) => { }));
        Fails(StoreFailure.NotFound, () => reader.ReadImage("image"));
    }

    [Fact]
    public void EmptyAndLargestImages_ReadBack()
    {
        using var store = OpenStoreWithJob();
        var large = new byte[64 << 20];
        large[^1] = 7;
        using var writer = store.Begin("job", null);
        writer.PutImage("empty", []);
        writer.PutImage("large", large);
        Assert.Throws<ArgumentException>(() => writer.PutImage("too large", new byte[(64 << 20) + 1]));
        Assert.Throws<ArgumentException>(() => writer.PutImage("empty", []));

        var record = writer.Commit(Summary);

        using var reader = store.OpenGeneration(record.Name);
        Assert.Empty(reader.ReadImage("empty"));
        Assert.True(large.AsSpan().SequenceEqual(reader.ReadImage("large")), "the large image differs");
        AssertSound(store);
    }

    [Fact]
    public void UnalignedOrOverflowingRanges_AreRefused_AndDoNotBreakTheWriter()
    {
        using var store = OpenStoreWithJob();
        using var writer = store.Begin("job", null);
        using var content = writer.OpenContent("memory");
        Assert.Throws<ArgumentException>(() => content.Write(1, new byte[Page]));
        Assert.Throws<ArgumentException>(() => content.Write(0, new byte[Page + 1]));
        Assert.Throws<ArgumentException>(() => content.Clear(0xffff_ffff_ffff_f000, 2 * Page));
        Assert.Throws<ArgumentException>(() => writer.OpenContent("memory"));

        content.Write(0, Noise(Page, 1));

        Assert.Single(ReadPages(store, writer.Commit(Summary).Name));
    }

    [Fact]
    public void Writer_DisposedWithoutCommit_LeavesNothing_AndItsNumberIsSpent()
    {
        Options.PackBytesMax = 1 << 20;
        using var store = OpenStoreWithJob();
        using (var writer = store.Begin("job", null))
        {
            using var content = writer.OpenContent("memory");
            content.Write(0, Noise(800 * Page, 1));
        }

        Assert.Empty(store.Generations("job"));
        Assert.Empty(PackFiles());
        Assert.Empty(Directory.GetFiles(Path.Combine(StorePath, "tmp")));
        Assert.Equal(2, Commit(store, "job", null, _ => { }).Name.Number);
    }

    [Fact]
    public void ManySmallPacks_AreAllListedAndRead()
    {
        Options.PackBytesMax = 1 << 20;
        using var store = OpenStoreWithJob();
        var memory = Noise(2000 * Page, 1);

        var record = Commit(store, "job", null, content => content.Write(0, memory));

        Assert.True(PackFiles().Length >= 8, $"{PackFiles().Length} packs");
        Assert.All(PackFiles(), file => Assert.True(new FileInfo(file).Length <= 1 << 20, file));
        Assert.Equal(memory, ReadPages(store, record.Name).Values.SelectMany(page => page).ToArray());
        AssertSound(store);
        Assert.Empty(store.Verify(record.Name, null, CancellationToken.None).Damages);
    }

    [Fact]
    public void FilesOfTheStore_BelongToTheirOwnerAlone()
    {
        using var store = OpenStoreWithJob();
        Commit(store, "job", null, content => content.Write(0, Noise(Page, 1)));

        const UnixFileMode others = (UnixFileMode)0x3F;
        foreach (var path in Directory.EnumerateFileSystemEntries(StorePath, "*", SearchOption.AllDirectories).Append(StorePath))
        {
            Assert.True((File.GetUnixFileMode(path) & others) == 0, $"{path}: {File.GetUnixFileMode(path)}");
        }
    }
}
