using Checkpointer.Store.Generations;
using Checkpointer.Store.Tests.Support;

namespace Checkpointer.Store.Tests.Generations;

/// <summary>Random writes and clears over several generations against a dictionary of pages. Reproduce with SEED=.</summary>
[Trait("kind", "store")]
public sealed class OverlayModelTests : StoreTest
{
    private const int Generations = 12;
    private const int Steps = 60;

    [Theory]
    [InlineData(1, int.MaxValue)]
    [InlineData(2, int.MaxValue)]
    [InlineData(3, 7)] // most changes go through the scratch file
    public void RandomHistory_EveryGeneration_EqualsTheModel(int fallback, int changesMax)
    {
        Options.ChangesMax = changesMax;
        var seed = Seed(fallback);
        var random = new Random(seed);
        Options.PackBytesMax = 1 << 20;
        using var store = OpenStoreWithJob();
        var models = new Dictionary<GenerationName, SortedDictionary<ulong, byte[]>>();
        var model = new SortedDictionary<ulong, byte[]>();
        GenerationName? based = null;

        for (var generation = 0; generation < Generations; generation++)
        {
            if (models.Count > 0 && random.Next(4) == 0)
            {
                var older = models.ElementAt(random.Next(models.Count));
                based = older.Key;
                model = new SortedDictionary<ulong, byte[]>(older.Value);
            }

            using var writer = store.Begin("job", based);
            using var content = writer.OpenContent("memory");
            for (var step = 0; step < Steps; step++)
            {
                Apply(random, content, model);
            }

            based = writer.Commit(Summary).Name;
            models.Add(based.Value, new SortedDictionary<ulong, byte[]>(model));
        }

        foreach (var (name, expected) in models)
        {
            AssertSame(expected, ReadPages(store, name), $"SEED={seed} {name}");
        }

        AssertSound(store);
        DeleteIndex(store);
        using var rebuilt = OpenStore();
        Assert.All(models, pair => AssertSame(pair.Value, ReadPages(rebuilt, pair.Key), $"SEED={seed} rebuilt {pair.Key}"));
    }

    private static void Apply(Random random, ContentWriter content, SortedDictionary<ulong, byte[]> model)
    {
        // A few hot places, so that writes overlap; now and then across segments and tables.
        ulong[] places = [0, 0x3f_f000, 0x3fff_8000, 0x7ffe_0000_0000];
        var offset = places[random.Next(places.Length)] + ((ulong)random.Next(64) * Page);
        var count = random.Next(1, 40);
        if (random.Next(4) == 0)
        {
            var length = random.Next(10) == 0 ? 2UL << 30 : (ulong)count * Page;
            content.Clear(offset, length);
            foreach (var page in model.Keys.Where(page => page >= offset && page < offset + length).ToList())
            {
                model.Remove(page);
            }

            return;
        }

        var bytes = new byte[count * Page];
        for (var i = 0; i < count; i++)
        {
            // Few distinct pages, zero among them, so that chunks repeat.
            bytes.AsSpan(i * Page, Page).Fill((byte)random.Next(4));
            model[offset + ((ulong)i * Page)] = bytes.AsSpan(i * Page, Page).ToArray();
            if (bytes[i * Page] == 0)
            {
                model.Remove(offset + ((ulong)i * Page));
            }
        }

        content.Write(offset, bytes);
    }

    private void DeleteIndex(CheckpointStore store)
    {
        store.Dispose();
        DeleteIndex();
    }

    private static void AssertSame(SortedDictionary<ulong, byte[]> expected, SortedDictionary<ulong, byte[]> actual, string what)
    {
        Assert.True(expected.Keys.SequenceEqual(actual.Keys), $"{what}: other pages");
        Assert.True(expected.Values.Zip(actual.Values).All(pair => pair.First.AsSpan().SequenceEqual(pair.Second)), $"{what}: other bytes");
    }
}
