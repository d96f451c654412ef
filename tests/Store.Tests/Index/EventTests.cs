using Checkpointer.Store.Index;
using Checkpointer.Store.Tests.Support;

namespace Checkpointer.Store.Tests.Index;

/// <summary>History, pause, outcome and lease of jobs.</summary>
[Trait("kind", "store")]
public sealed class EventTests : StoreTest
{
    [Fact]
    public void Events_AreKept_AndTheNewestAreGiven()
    {
        using (var store = OpenStoreWithJob())
        {
            store.AddEvent(At(1, "dumped") with { Generation = 7, Pid = 4711 });
            store.AddEvent(At(2, "killed") with { Signal = 9 });
            store.AddEvent(At(3, "finished") with { ExitCode = 0 });
            store.AddEvent(At(3, "of nobody") with { Job = "stranger" });
        }

        using var again = OpenStore();
        Assert.Equal([At(2, "killed") with { Signal = 9 }, At(3, "finished") with { ExitCode = 0 }], again.Events("job", 2));
        Assert.Equal(At(1, "dumped") with { Generation = 7, Pid = 4711 }, again.Events("job", 10)[0]);
        Assert.Empty(again.Events("stranger", 10));
    }

    [Fact]
    public void Events_OverTheMost_DropTheOldest()
    {
        using var store = OpenStoreWithJob();

        store.Context.Index.Run(connection =>
        {
            using var command = connection.CreateCommand();
            command.CommandText =
                """
                WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < 5000)
                INSERT INTO events (job_id, at, kind, detail) SELECT 1, i, 'dumped', '' FROM n
                """;
            return command.ExecuteNonQuery();
        });
        store.AddEvent(At(9, "killed"));

        var events = store.Events("job", int.MaxValue);
        Assert.Equal(EventTable.EventsMax, events.Count);
        Assert.Equal("killed", events[^1].Kind);
    }

    [Fact]
    public void PauseAndOutcome_AreKept_AndANewProcessEndsTheOutcome()
    {
        using (var store = OpenStoreWithJob())
        {
            store.SetPaused("job", true);
            store.SetOutcome("job", "finished");
            store.SetPolicy("job", "{}");
        }

        using var again = OpenStore();
        Assert.Equal((true, "finished", "{}"), (again.Job("job").IsPaused, again.Job("job").Outcome, again.Job("job").Policy));
        again.UpdateProcess("job", 5, 6, "boot");
        Assert.Equal("", again.Job("job").Outcome);
        Fails(StoreFailure.NotFound, () => again.SetPaused("stranger", true));
    }

    [Fact]
    public void Lease_IsOneAtATime()
    {
        using var store = OpenStoreWithJob();
        using var other = OpenStore();

        using (store.Lease("job"))
        {
            Fails(StoreFailure.Locked, () => other.Lease("job").Dispose());
        }

        other.Lease("job").Dispose();
        Fails(StoreFailure.NotFound, () => other.Lease("stranger").Dispose());
    }

    private static JobEvent At(int second, string kind) => new("job", DateTimeOffset.UnixEpoch.AddSeconds(second), kind, "");
}
