using Checkpointer.Store.Tests.Support;

namespace Checkpointer.Store.Tests.Index;

/// <summary>Pins, what verify found, and generations that are forgotten.</summary>
[Trait("kind", "store")]
public sealed class UpkeepTests : StoreTest
{
    private static GenerationName Name(long number) => new("job", number);

    [Fact]
    public void Forget_RemovesTheGeneration_AndNoOther()
    {
        using var store = WithGenerations(3);

        Assert.Equal([Name(2)], store.Forget([Name(2), Name(9)]));

        Assert.Equal([1L, 3L], store.Generations("job").Select(record => record.Name.Number));
        Fails(StoreFailure.NotFound, () => store.OpenGeneration(Name(2)));
        Assert.Equal(Noise(Page, 3), ReadPages(store, Name(3))[0]);
        AssertSound(store);
        Assert.Equal(4, Commit(store, "job", null, content => content.Write(0, Noise(Page, 4))).Name.Number);
    }

    [Fact]
    public void Pinned_IsNotForgotten_UntilUnpinned()
    {
        using (var store = WithGenerations(2))
        {
            store.Pin(Name(1), "before the upgrade");
            Assert.Empty(store.Forget([Name(1)]));
        }

        using var again = OpenStore();
        var record = again.Generations("job")[0];
        Assert.Equal((true, "before the upgrade"), (record.IsPinned, record.Note));
        again.Unpin(Name(1));
        Assert.Equal([Name(1)], again.Forget([Name(1)]));
        Fails(StoreFailure.NotFound, () => again.Pin(Name(1), ""));
    }

    [Fact]
    public void Verify_RemembersWhatItFound_AndThatItIsWellAgain()
    {
        using (WithGenerations(2))
        {
        }

        var pack = PackFiles().Single(file => File.ReadAllBytes(file).AsSpan().IndexOf(Noise(Page, 2)) >= 0);
        var bytes = File.ReadAllBytes(pack);
        File.WriteAllBytes(pack, [.. bytes[..200], (byte)(bytes[200] ^ 1), .. bytes[201..]]);
        using var store = OpenStore();
        store.Verify(Name(2), null, CancellationToken.None);
        Assert.Equal([false, true], store.Generations("job").Select(record => record.IsDamaged));

        File.WriteAllBytes(pack, bytes);
        store.Verify(null, null, CancellationToken.None);
        Assert.Equal([false, false], store.Generations("job").Select(record => record.IsDamaged));
    }

    private CheckpointStore WithGenerations(int count)
    {
        var store = OpenStoreWithJob();
        for (var i = 1; i <= count; i++)
        {
            Commit(store, "job", null, content => content.Write(0, Noise(Page, i)));
        }

        return store;
    }
}
