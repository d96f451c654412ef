using Checkpointer.Store.Tests.Support;

namespace Checkpointer.Store.Tests.Maintenance;

/// <summary>Verify of a share of the packs.</summary>
[Trait("kind", "store")]
public sealed class ShareTests : StoreTest
{
    private const int Packs = 8;

    private static GenerationName Name(long number) => new("job", number);

    [Fact]
    public void Shares_OneAfterTheOther_ProveEveryPackOnce()
    {
        using var store = WithPacks();
        Assert.Equal(new ProofAges(Packs, Packs, null), store.Proofs());

        for (var day = 1; day <= 4; day++)
        {
            var report = Verify(store, 0.24);
            Assert.Equal(2, report.Packs);
            Assert.Empty(report.Damages);
            Assert.Empty(report.Generations);
            Assert.Equal(Packs - (2 * day), store.Proofs().Never);
        }

        var oldest = store.Context.PackTable.All().Where(row => row.ProvedAt == store.Proofs().Oldest).Select(row => row.Key).ToList();
        Verify(store, 0.24);
        Assert.All(store.Context.PackTable.All().Where(row => oldest.Contains(row.Key)), row => Assert.True(row.ProvedAt > store.Proofs().Oldest));
    }

    [Fact]
    public void Whole_ProvesEveryPack_AndASmallShareAtLeastOne()
    {
        using var store = WithPacks();
        Assert.Equal(1, Verify(store, 0.000001).Packs);

        Assert.Equal(Packs, Verify(store, 1).Packs);

        Assert.Equal(0, store.Proofs().Never);
    }

    [Fact]
    public void Damage_InTheShare_NamesWhatItSpoils_AndThePackStaysUnproved()
    {
        using (WithPacks())
        {
        }

        Flip(OnDisk(3));
        using var store = OpenStore();

        var first = Verify(store, 0.24);
        var second = Verify(store, 0.24);

        Assert.Empty(first.Damages);
        Assert.Equal([Name(3)], Assert.Single(second.Damages).Generations);
        Assert.Equal([Name(3)], store.Generations("job").Where(record => record.IsDamaged).Select(record => record.Name));
        Verify(store, 0.61); // five packs, the damaged one first
        Assert.Equal([Name(3)], store.Generations("job").Where(record => record.IsDamaged).Select(record => record.Name));
        Assert.Equal(PackOf(store, 3).Key, Assert.Single(store.Context.PackTable.All(), row => row.ProvedAt is null).Key);
    }

    [Fact]
    public void Cancelled_KeepsWhatItProved()
    {
        using var store = WithPacks();
        using var cancel = new CancellationTokenSource();
        Verify(store, 0.24);
        cancel.Cancel();

        Assert.ThrowsAny<OperationCanceledException>(() => store.VerifyWith(new VerifyOptions(null), null, cancel.Token));

        Assert.Equal(Packs - 2, store.Proofs().Never);
    }

    [Fact]
    public void Rate_IsKept()
    {
        using var store = WithPacks();
        var begun = TimeProvider.System.GetTimestamp();

        // Eight packs of some 83 KB: the first is for nothing, the others are waited for.
        store.VerifyWith(new VerifyOptions(null, 1, 2_000_000), null, CancellationToken.None);

        Assert.True(TimeProvider.System.GetElapsedTime(begun) > TimeSpan.FromSeconds(0.25), "it was faster than the limit");
    }

    [Fact]
    public void Cancelling_DoesNotWaitForTheRate()
    {
        using var store = WithPacks();
        using var cancel = new CancellationTokenSource(TimeSpan.FromMilliseconds(200));

        Assert.ThrowsAny<OperationCanceledException>(() => store.VerifyWith(new VerifyOptions(null, 1, 1), null, cancel.Token));
    }

    private static VerifyReport Verify(CheckpointStore store, double share) => store.VerifyWith(new VerifyOptions(null, share), null, CancellationToken.None);

    private static Store.Index.PackRow PackOf(CheckpointStore store, int generation) => store.Context.PackTable.All()[generation - 1];

    private CheckpointStore WithPacks()
    {
        var store = OpenStoreWithJob();
        for (var i = 1; i <= Packs; i++)
        {
            Commit(store, "job", null, content => content.Write(0, Noise(20 * Page, i)));
        }

        return store;
    }

    private string OnDisk(int generation)
    {
        using var store = OpenStore();
        return Path.Combine(Paths.Packs, PackOf(store, generation).Id.FileName);
    }

    private static void Flip(string pack)
    {
        var bytes = File.ReadAllBytes(pack);
        bytes[1000] ^= 4;
        File.WriteAllBytes(pack, bytes);
    }
}
