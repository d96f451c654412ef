using Checkpointer.Store.Tests.Support;

namespace Checkpointer.Store.Tests.Index;

[Trait("kind", "store")]
public sealed class JobTests : StoreTest
{
    [Fact]
    public void Register_Update_Unregister_AreKept()
    {
        using (var store = OpenStore())
        {
            store.Register(JobNamed("b"));
            store.Register(JobNamed("a.1_x-y"));
            store.Register(JobNamed("c") with { Cgroup = "/sys/fs/cgroup/md", Policy = "{}" });
            store.UpdateProcess("b", 99, 5, "boot2");
        }

        using var again = OpenStore();
        Assert.Equal(["a.1_x-y", "b", "c"], again.Jobs().Select(job => job.Name));
        Assert.Equal(JobNamed("b") with { Pid = 99, StartTicks = 5, BootId = "boot2" }, again.Job("b"));
        Assert.Equal(JobNamed("a.1_x-y"), again.Job("a.1_x-y"));
        Assert.Equal(JobNamed("c") with { Cgroup = "/sys/fs/cgroup/md", Policy = "{}" }, again.Job("c"));
    }

    [Fact]
    public void RegisteredName_IsTaken_UntilUnregistered()
    {
        using var store = OpenStoreWithJob();
        Fails(StoreFailure.AlreadyExists, () => store.Register(JobNamed("job")));
        Commit(store, "job", null, _ => { });

        store.Unregister("job");
        Assert.False(Assert.Single(store.Jobs()).IsRegistered);
        store.Register(JobNamed("job") with { Pid = 5 });

        Assert.Equal(5, store.Job("job").Pid);
        Assert.Equal(2, Commit(store, "job", new GenerationName("job", 1), _ => { }).Name.Number);
    }

    [Fact]
    public void UnregisteredJob_WithoutGenerations_IsNotListed()
    {
        using var store = OpenStoreWithJob();
        store.Unregister("job");
        Assert.Empty(store.Jobs());
    }

    [Theory]
    [InlineData("")]
    [InlineData("../x")]
    [InlineData(".hidden")]
    [InlineData("_store")]
    [InlineData("a b")]
    [InlineData("ä")]
    [InlineData("a/1")]
    public void NameThatWouldBeAPath_IsRefused(string name)
    {
        using var store = OpenStore();
        Assert.Throws<ArgumentException>(() => store.Register(JobNamed(name)));
        Assert.Throws<ArgumentException>(() => store.Register(JobNamed(new string('a', 65))));
    }

    [Fact]
    public void UnknownNames_AreNotFound()
    {
        using var store = OpenStoreWithJob();
        Fails(StoreFailure.NotFound, () => store.Job("x"));
        Fails(StoreFailure.NotFound, () => store.Unregister("x"));
        Fails(StoreFailure.NotFound, () => store.UpdateProcess("x", 1, 1, ""));
        Fails(StoreFailure.NotFound, () => store.Begin("x", null));
        Fails(StoreFailure.NotFound, () => store.Begin("job", new GenerationName("job", 1)));
        Fails(StoreFailure.NotFound, () => store.OpenGeneration(new GenerationName("job", 1)));
        Fails(StoreFailure.NotFound, () => store.Verify(new GenerationName("job", 1), null, CancellationToken.None));
        Assert.Empty(store.Generations("x"));
        Commit(store, "job", null, _ => { }); // the failed Begin gave its locks back
    }

    [Fact]
    public void Statistics_AddUp()
    {
        using var store = OpenStoreWithJob("a");
        store.Register(JobNamed("b"));
        var first = Commit(store, "a", null, content => content.Write(0, Noise(32 * Page, 1)));
        var second = Commit(store, "a", first.Name, _ => { });

        var statistics = store.Statistics();

        Assert.Equal((2, 2, 2), (statistics.Jobs, statistics.Generations, statistics.Packs));
        Assert.Equal(first.NewBytes + second.NewBytes, statistics.StoredBytes);
        Assert.Equal(2 * Summary.PopulatedBytes, statistics.LogicalBytes);
        Assert.Equal(
            [new JobStatistics("a", 2, 2 * Summary.PopulatedBytes, statistics.StoredBytes), new JobStatistics("b", 0, 0, 0)], statistics.PerJob);
        Assert.Null(statistics.GrowthBytesPerDay);
        Assert.True(statistics.FreeBytes > 0);
        Assert.True(statistics.IndexBytes > 4096 && statistics.PlainBytes > 32 * Page && statistics.Chunks >= 6, $"{statistics}");
    }

    [Fact]
    public void Growth_IsOfTheLastWeek_WithoutTheFirstGeneration()
    {
        var time = new SettableTime();
        using var store = OpenStore(time: time);
        store.Register(JobNamed("a"));
        Commit(store, "a", null, content => content.Write(0, Noise(64 * Page, 0)));
        var added = new List<long>();
        for (var day = 1; day <= 10; day++)
        {
            time.Now += TimeSpan.FromDays(1);
            added.Add(Commit(store, "a", null, content => content.Write(0, Noise(8 * Page, day))).NewBytes);
        }

        // Six days ago is within the week, the generation of seven days and some time ago is not.
        time.Now += TimeSpan.FromHours(12);
        var expected = (long)(added[^7..].Sum() / 6.5);

        Assert.InRange(store.Statistics().GrowthBytesPerDay!.Value, expected - 1, expected + 1);
    }

    private sealed class SettableTime : TimeProvider
    {
        public DateTimeOffset Now { get; set; } = DateTimeOffset.FromUnixTimeSeconds(1_700_000_000);

        public override DateTimeOffset GetUtcNow() => Now;
    }
}
