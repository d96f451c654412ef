using Checkpointer.Store.Generations;
using Checkpointer.Store.Tests.Support;

namespace Checkpointer.Store.Tests.Generations;

[Trait("kind", "store")]
public sealed class DedupTests : StoreTest
{
    [Fact]
    public void SameMemory_InLaterGenerationsAndOtherJobs_CostsOnlyMetadata()
    {
        using var store = OpenStoreWithJob("a");
        store.Register(JobNamed("b"));
        var memory = Noise(4096 * Page, 1);
        var first = Commit(store, "a", null, content => content.Write(0, memory));

        var again = Commit(store, "a", null, content => content.Write(0, memory));
        var elsewhere = Commit(store, "b", null, content => content.Write(5UL << 30, memory));

        Assert.InRange(first.NewBytes, memory.Length, memory.Length * 1.01);
        Assert.InRange(again.NewBytes, 1, 2000);
        Assert.InRange(elsewhere.NewBytes, 1, 2000);
        Assert.Equal(memory, ReadPages(store, elsewhere.Name).Values.SelectMany(page => page).ToArray());
    }

    [Fact]
    public void IdleJob_CostsAManifest_WhateverItsSize()
    {
        using var store = OpenStoreWithJob();
        var first = Commit(store, "job", null, content =>
        {
            for (var i = 0; i < 64; i++)
            {
                content.Write((ulong)i << 30, Noise(16 * Page, i));
            }
        });

        var idle = Commit(store, "job", first.Name, _ => { });

        Assert.InRange(idle.NewBytes, 1, 5000);
        Assert.Equal(ReadPages(store, first.Name), ReadPages(store, idle.Name));
    }

    [Fact]
    public void OneChangedPage_CostsAboutAPageAndItsMap()
    {
        using var store = OpenStoreWithJob();
        var first = Commit(store, "job", null, content => content.Write(0, Noise(4096 * Page, 1)));

        var second = Commit(store, "job", first.Name, content => content.Write(1000 * Page, Noise(Page, 2)));

        Assert.InRange(second.NewBytes, Page, Page + 6000);
    }

    [Fact]
    public void SlowWorkers_HoldTheProducerBack()
    {
        Options.Workers = 1;
        using var store = OpenStoreWithJob();
        using var writer = store.Begin("job", null);
        using var content = writer.OpenContent("memory");
        var chunk = HalfCompressible(16 * Page, 1);

        for (var i = 0; i < 3000; i++)
        {
            BitConverter.TryWriteBytes(chunk, i);
            content.Write((ulong)i * 16 * Page, chunk);
        }

        writer.Commit(Summary);
        Assert.InRange(writer.Buffers, 1, ChunkPipeline.BuffersMax);
        Assert.True(ChunkPipeline.BuffersMax * 65536L <= 64 << 20, "the bound is larger than documented");
    }
}
