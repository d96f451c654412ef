using Checkpointer.Store.Tests.Support;

namespace Checkpointer.Store.Tests.Generations;

/// <summary>Which pages differ between two generations.</summary>
[Trait("kind", "store")]
public sealed class ComparisonTests : StoreTest
{
    private static GenerationName Name(long number) => new("job", number);

    [Fact]
    public void RandomWritesAndClears_AreFound_AndNothingElse()
    {
        var seed = Seed(77);
        var random = new Random(seed);
        const int pages = 5000; // over several segments
        var versions = new List<int[]> { new int[pages] };
        using var store = OpenStoreWithJob();
        GenerationName? based = null;
        for (var round = 0; round < 12; round++)
        {
            var now = (int[])versions[^1].Clone();
            based = Commit(store, "job", based, content =>
            {
                for (var i = 0; i < 60; i++)
                {
                    var (first, count) = (random.Next(pages - 20), random.Next(1, 20));
                    var isClear = random.Next(4) == 0;
                    var version = isClear ? 0 : random.Next(1, 4); // few: pages become what they were before
                    now.AsSpan(first, count).Fill(version);
                    if (isClear)
                    {
                        content.Clear((ulong)first * Page, (ulong)count * Page);
                    }
                    else
                    {
                        content.Write((ulong)first * Page, [.. Enumerable.Range(first, count).SelectMany(page => Noise(Page, (page * 10) + version))]);
                    }
                }
            }).Name;
            versions.Add(now);
        }

        for (var i = 0; i < 40; i++)
        {
            var (one, other) = (random.Next(1, versions.Count), random.Next(1, versions.Count));
            var expected = Enumerable.Range(0, pages).Where(page => versions[one][page] != versions[other][page]);
            Assert.Equal(expected, PagesOf(store.Changes(Name(one), Name(other), "memory")));
        }
    }

    [Fact]
    public void AbsentContent_IsEmpty()
    {
        using var store = OpenStoreWithJob();
        Commit(store, "job", null, content => content.Write(1UL << 40, Noise(3 * Page, 1)));
        using (var writer = store.Begin("job", null))
        {
            writer.Commit(Summary);
        }

        Assert.Equal([new ChangedRange(1UL << 40, 3 * Page)], store.Changes(Name(1), Name(2), "memory"));
        Assert.Equal([new ChangedRange(1UL << 40, 3 * Page)], store.Changes(Name(2), Name(1), "memory"));
        Assert.Empty(store.Changes(Name(1), Name(1), "memory"));
        Assert.Empty(store.Changes(Name(1), Name(2), "other"));
        Fails(StoreFailure.NotFound, () => store.Changes(Name(1), Name(9), "memory"));
    }

    private static IEnumerable<int> PagesOf(IReadOnlyList<ChangedRange> ranges)
    {
        Assert.Equal(ranges.OrderBy(range => range.Offset), ranges);
        return ranges.SelectMany(range => Enumerable.Range((int)(range.Offset / Page), (int)(range.Bytes / Page)));
    }
}
