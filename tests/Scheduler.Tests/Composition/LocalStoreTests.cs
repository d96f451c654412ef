using Checkpointer.Engine;
using Checkpointer.Scheduler.Composition;
using Checkpointer.Scheduler.Jobs;
using Checkpointer.Store;
using Microsoft.Extensions.Logging.Abstractions;

namespace Checkpointer.Scheduler.Tests.Composition;

/// <summary>The adapters over a real store.</summary>
public sealed class LocalStoreTests : IDisposable
{
    private static readonly GenerationSummary _summary = new("full", "compare", "copy", 1, 1, 1, 8192, 8192);

    private readonly TemporaryDirectory _place = new();

    public void Dispose() => _place.Dispose();

    [Fact]
    public void Committed_IsReadBackThroughTheSource()
    {
        using LocalStore store = Open();
        byte[] page = [.. Enumerable.Range(0, 4096).Select(index => (byte)(index % 251))];

        GenerationName name = Write(store, page);

        using IStoredGeneration stored = store.OpenGeneration(name);
        Assert.Equal("md/1", stored.Name);
        Assert.Equal([1, 2, 3], stored.ReadImage("process/4711"));
        Assert.Equal(["memory/4711"], stored.ContentNames);
        var read = new List<(ulong Address, byte[] Bytes)>();
        stored.ReadPages("memory/4711", (address, bytes) => read.Add((address, bytes.ToArray())));
        Assert.Equal(0x7f00_0000_1000UL, Assert.Single(read).Address);
        Assert.Equal(page, read[0].Bytes);
        Assert.Empty(store.Verify(name, null, CancellationToken.None).Damages);
    }

    [Fact]
    public void Uncommitted_LeavesNoGeneration()
    {
        using LocalStore store = Open();
        using (IGenerationInProgress generation = store.Begin("md", baseGeneration: null))
        {
            generation.PutImage("inventory", [1]);
        }

        Assert.Empty(store.Generations("md"));
    }

    [Fact]
    public void BegunOnABase_KeepsItsPagesAndSaysSo()
    {
        using LocalStore store = Open();
        byte[] page = [.. Enumerable.Range(0, 4096).Select(index => (byte)(index % 251))];
        GenerationName first = Write(store, page);

        using IGenerationInProgress generation = store.Begin("md", first);
        Assert.True(generation.HasBase);
        generation.OpenPages("memory/4711").Dispose();
        GenerationName second = generation.Commit(_summary).Name;

        using IStoredGeneration stored = store.OpenGeneration(second);
        var read = new List<byte[]>();
        stored.ReadPages("memory/4711", (_, bytes) => read.Add(bytes.ToArray()));
        Assert.Equal(page, Assert.Single(read));
    }

    private static GenerationName Write(LocalStore store, byte[] page)
    {
        using IGenerationInProgress generation = store.Begin("md", baseGeneration: null);
        generation.PutImage("process/4711", [1, 2, 3]);
        using (IPageSink pages = generation.OpenPages("memory/4711"))
        {
            pages.Write(0x7f00_0000_1000, page);
            pages.Clear(0x7f00_0000_2000, 4096);
        }

        return generation.Commit(_summary).Name;
    }

    private LocalStore Open()
    {
        var store = new LocalStore(() => CheckpointStore.OpenOrCreate(
            Path.Combine(_place.Path, "store"), new StoreOptions(), NullLoggerFactory.Instance));
        store.Register(new JobRecord("md", 4711, 100, "boot", "lmp", DateTimeOffset.UnixEpoch, IsRegistered: true));
        return store;
    }
}
