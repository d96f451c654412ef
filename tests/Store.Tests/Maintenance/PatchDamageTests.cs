using Checkpointer.Store.Chunking;
using Checkpointer.Store.Generations;
using Checkpointer.Store.Packs;
using Checkpointer.Store.Tests.Support;

namespace Checkpointer.Store.Tests.Maintenance;

/// <summary>Whom damage spoils where generations share a segment through patches.</summary>
[Trait("kind", "store")]
public sealed class PatchDamageTests : StoreTest
{
    private const int Windows = 64;

    [Fact]
    public void DamagedSegment_SpoilsEveryGenerationOfItsChain()
    {
        var names = WriteChain();
        using var store = OpenStore();
        Damage(store, Chain(store, names[2]).Ids[^1]);

        AssertSpoils(store, names, names);
    }

    [Fact]
    public void DamagedPatch_SpoilsItsGenerationAndLaterOnes()
    {
        var names = WriteChain();
        using var store = OpenStore();
        var ids = Chain(store, names[2]).Ids;
        Assert.Equal(3, ids.Count);
        Damage(store, ids[1]);

        AssertSpoils(store, names, names[1], names[2]);
    }

    [Fact]
    public void DamagedData_ThatAPatchCovers_SpoilsOnlyThoseWhoseItStillIs()
    {
        var names = WriteChain();
        using var store = OpenStore();
        var covered = Chain(store, names[1]).Resolve().Select(extent => extent.Chunk)
            .Except(Chain(store, names[2]).Resolve().Select(extent => extent.Chunk));
        Damage(store, Assert.Single(covered));

        AssertSpoils(store, names, names[1]);
    }

    // Page 5 of window 7, again and again.
    private GenerationName[] WriteChain()
    {
        using var store = OpenStoreWithJob();
        var first = Commit(store, "job", null, content =>
        {
            for (var i = 0; i < Windows; i++)
            {
                content.Write((ulong)i * 16 * Page, HalfCompressible(16 * Page, i));
            }
        });
        var second = Commit(store, "job", first.Name, content => content.Write((7 * 16 * Page) + (5 * Page), Noise(Page, 1)));
        var third = Commit(store, "job", second.Name, content => content.Write((7 * 16 * Page) + (5 * Page), Noise(Page, 2)));
        return [first.Name, second.Name, third.Name];
    }

    private static SegmentChain Chain(CheckpointStore store, GenerationName name)
    {
        var maps = new MapReader(new ChunkReader(store.Context));
        var manifest = maps.Manifest(store.Context.Generations.Get(name).Manifest, name);
        var table = maps.Table(Assert.Single(Assert.Single(manifest.Contents).Tables).Chunk);
        return maps.Chain(Assert.Single(table).Value.Chunk);
    }

    private void Damage(CheckpointStore store, ChunkId chunk)
    {
        var location = store.Context.Index.RunChunks(chunks => chunks.Find(chunk))!.Value;
        using var file = File.Open(Path.Combine(Paths.Packs, location.Pack.FileName), FileMode.Open);
        file.Position = location.Entry.Offset + PackFormat.RecordHeaderBytes + 9;
        var value = file.ReadByte();
        file.Position--;
        file.WriteByte((byte)(value ^ 4));
    }

    private static void AssertSpoils(CheckpointStore store, GenerationName[] all, params GenerationName[] expected)
    {
        var report = store.Verify(null, null, CancellationToken.None);
        Assert.Equal(expected, report.Damages.SelectMany(damage => damage.Generations).Distinct().OrderBy(name => name.Number));
        foreach (var name in all)
        {
            var isSpoiled = expected.Contains(name);
            Assert.Equal(isSpoiled, store.Verify(name, null, CancellationToken.None).Damages.Count > 0);
            Assert.Equal(isSpoiled, Record.Exception(() => ReadPages(store, name)) is CorruptChunkException);
        }
    }
}
