using Checkpointer.Store.Tests.Support;

namespace Checkpointer.Store.Tests.Generations;

/// <summary>What generations of scattered pages of noise add to the store: packs and index, to the byte.</summary>
[Trait("kind", "store")]
public sealed class GrowthTests : StoreTest
{
    private const int Generations = 60;

    /// <summary>Generations that are judged together: names are random, so that some split several pages of the index and others none.</summary>
    private const int Together = 10;

    [Theory]
    [InlineData(256, 1)]
    [InlineData(256, 10)]
    [InlineData(64, 100)]
    public void ScatteredPages_CostLittleMoreThanThemselves_HoweverLongTheChain(int mebibytes, int perMille)
    {
        var memory = new PageModel(mebibytes * 256, Seed(perMille));
        using var store = OpenStoreWithJob();
        var last = Commit(store, "job", null, memory.WriteAll);
        var before = StoreBytes();

        for (var i = 0; i < Generations; i += Together)
        {
            var bound = Together * 65536.0 * mebibytes / 1024;
            for (var j = 0; j < Together; j++)
            {
                var dirty = memory.Touch(memory.Pages * perMille / 1000);
                last = Commit(store, "job", last.Name, content => memory.Write(content, dirty));
                bound += 1.15 * dirty.Count * Page;
            }

            var after = StoreBytes();
            Assert.True(after - before <= bound, $"{Together} generations after the {i + 1}th grew {after - before} bytes, more than {bound}");
            before = after;
        }

        memory.AssertReadsBack(store, last.Name);
        AssertSound(store);
    }

    [Theory]
    [InlineData(1, 60)]
    [InlineData(16, 60)]
    public void IdleGeneration_AddsNextToNothing_AlsoOverLongChains(int perMille, int chain)
    {
        var memory = new PageModel(16 * 256, Seed(perMille));
        using var store = OpenStoreWithJob();
        var last = Commit(store, "job", null, memory.WriteAll);
        for (var i = 0; i < chain; i++)
        {
            last = Commit(store, "job", last.Name, content => memory.Write(content, memory.Touch(memory.Pages * perMille / 1000)));
        }

        // All pages are handed over again, as a tracker that compares does; the first time may straighten things out.
        last = Commit(store, "job", last.Name, memory.WriteAll);
        var before = StoreBytes();
        last = Commit(store, "job", last.Name, memory.WriteAll);
        last = Commit(store, "job", last.Name, _ => { });

        Assert.InRange(StoreBytes() - before, 1, 2 * 8192);
        memory.AssertReadsBack(store, last.Name);
    }

    [Fact]
    public void EveryGenerationOfALongHistory_ReadsBack_AlsoFromARebuiltIndex()
    {
        var memory = new PageModel(64 * 256, Seed(3));
        var history = new List<(GenerationName Name, PageModel Memory)>();
        using (var store = OpenStoreWithJob())
        {
            var last = Commit(store, "job", null, memory.WriteAll).Name;
            for (var i = 0; i < Generations; i++)
            {
                var cleared = i % 3 == 0 ? memory.Clear(40) : [];
                var dirty = memory.Touch(memory.Pages / 100);
                last = Commit(store, "job", last, content =>
                {
                    foreach (var page in cleared)
                    {
                        content.Clear((ulong)page * Page, Page);
                    }

                    memory.Write(content, dirty);
                }).Name;
                history.Add((last, memory.Copy()));
            }

            Assert.All(history, then => then.Memory.AssertReadsBack(store, then.Name));
            AssertSound(store);
        }

        DeleteIndex();
        using var rebuilt = OpenStore();
        Assert.All(history.Where((_, i) => i % 20 == 19), then => then.Memory.AssertReadsBack(rebuilt, then.Name));
        AssertSound(rebuilt);
    }

    private long StoreBytes() => PackFiles().Concat(Directory.GetFiles(StorePath, "index.db*")).Sum(file =>
        file.EndsWith("-shm", StringComparison.Ordinal) ? 0 : new FileInfo(file).Length);
}
