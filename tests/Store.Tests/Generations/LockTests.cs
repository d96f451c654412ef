using System.Globalization;
using Checkpointer.Store.Tests.Support;

namespace Checkpointer.Store.Tests.Generations;

[Trait("kind", "store")]
public sealed class LockTests : StoreTest
{
    [Fact]
    public void SecondWriterOfAJob_IsLockedOut_ByTheHoldersPid()
    {
        using var one = OpenStoreWithJob();
        using var other = OpenStore();
        using var writer = one.Begin("job", null);

        var failure = Fails(StoreFailure.Locked, () => other.Begin("job", null));
        Fails(StoreFailure.Locked, () => one.Begin("job", null));

        Assert.Contains(Environment.ProcessId.ToString(CultureInfo.InvariantCulture), failure.Message, StringComparison.Ordinal);
        writer.Dispose();
        Commit(other, "job", null, _ => { });
    }

    [Fact]
    public void WritersOfTwoJobs_Interleaved_BothCommit_AndNeitherSweepsTheOther()
    {
        Options.PackBytesMax = 1 << 20;
        using var one = OpenStoreWithJob("a");
        using var other = OpenStore();
        other.Register(JobNamed("b"));
        var memory = Noise(600 * Page, 1);

        using var first = one.Begin("a", null);
        using var firstContent = first.OpenContent("memory");
        firstContent.Write(0, memory);
        using var second = other.Begin("b", null); // the sweep must spare the packs of the first
        using var secondContent = second.OpenContent("memory");
        secondContent.Write(0, memory);
        var a = first.Commit(Summary).Name;
        var b = second.Commit(Summary).Name;

        Assert.Equal(memory, ReadPages(one, b).Values.SelectMany(page => page).ToArray());
        Assert.Equal(memory, ReadPages(other, a).Values.SelectMany(page => page).ToArray());
        AssertSound(one);
    }

    [Fact]
    public void MissingIndex_WhileAWriterLives_IsLocked()
    {
        using var store = OpenStoreWithJob();
        using var writer = store.Begin("job", null);
        DeleteIndex();
        Fails(StoreFailure.Locked, () => OpenStore());
    }

    [Fact]
    public async Task ManyOpenersAtOnce_CreateOneStore()
    {
        await Task.WhenAll(Enumerable.Range(0, 8).Select(i => Task.Run(() =>
        {
            using var store = OpenStore();
            store.Register(JobNamed($"job{i}"));
            Commit(store, $"job{i}", null, content => content.Write(0, Noise(64 * Page, i / 2)));
        })));

        using var again = OpenStore();
        Assert.Equal(8, again.Jobs().Count);
        AssertSound(again);
    }
}
