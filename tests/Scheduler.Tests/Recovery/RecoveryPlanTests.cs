using Checkpointer.Scheduler.Jobs;
using Checkpointer.Scheduler.Policies;
using Checkpointer.Scheduler.Recovery;
using Checkpointer.Store;

namespace Checkpointer.Scheduler.Tests.Recovery;

[Trait("kind", "unit")]
public sealed class RecoveryPlanTests
{
    private static readonly RecoveryPolicy _policy = RecoveryPolicy.Default with { Attempts = 2, BackOff = TimeSpan.FromSeconds(10) };
    private static readonly GenerationRecord[] _generations = [Generation(1), Generation(2), Generation(3)];

    [Fact]
    public void NewestGeneration_IsFirst_WithoutAWait()
        => Assert.Equal(new RecoveryPlan(new GenerationName("md", 3), 0, TimeSpan.Zero), Choose());

    [Fact]
    public void GenerationThatFailed_WaitsForItsTurn_TwiceAsLongEachTime()
    {
        RecoveryPolicy patient = _policy with { Attempts = 100 };

        Assert.Equal(TimeSpan.FromSeconds(10), RecoveryPlan.Choose(_generations, [Failed(3)], patient)!.Delay);
        Assert.Equal(TimeSpan.FromSeconds(20), RecoveryPlan.Choose(_generations, [Failed(3), Failed(3)], patient)!.Delay);
        Assert.Equal(TimeSpan.FromHours(1), RecoveryPlan.Choose(_generations, [.. Enumerable.Repeat(Failed(3), 60)], patient)!.Delay);
    }

    [Fact]
    public void GenerationThatFailedTooOften_IsPassedOver_AndDamagedOnesAre()
    {
        GenerationRecord[] generations = [Generation(1), Generation(2) with { IsDamaged = true }, Generation(3)];

        Assert.Equal(1, RecoveryPlan.Choose(generations, [Failed(3), Failed(3)], _policy)!.Generation.Number);
        Assert.Null(RecoveryPlan.Choose(generations, [Failed(3), Failed(3), Failed(1), Failed(1)], _policy));
        Assert.Null(RecoveryPlan.Choose([], [], _policy));
    }

    [Fact]
    public void CrashWithinTheGraceTime_Counts_AndOneAfterALongRunBeginsAgain()
    {
        Assert.Equal(2, Choose(Failed(3), Crash(3))!.Generation.Number);
        Assert.Equal(new RecoveryPlan(new GenerationName("md", 3), 0, TimeSpan.Zero), Choose(Failed(3), Failed(3), Crash(null)));
    }

    [Theory]
    [InlineData(EventKind.Dumped)]
    [InlineData(EventKind.Resumed)]
    [InlineData(EventKind.Registered)]
    public void NewGenerationOrAWishOfAPerson_BeginsAgain(string kind)
        => Assert.Equal(3, Choose(Failed(3), Failed(3), new JobEvent("md", default, kind, ""))!.Generation.Number);

    private static RecoveryPlan? Choose(params JobEvent[] events) => RecoveryPlan.Choose(_generations, events, _policy);

    private static JobEvent Failed(long generation) => new("md", default, EventKind.RecoveryFailed, "") { Generation = generation };

    private static JobEvent Crash(long? generation) => new("md", default, EventKind.Killed, "") { Generation = generation };

    private static GenerationRecord Generation(long number)
        => new(new GenerationName("md", number), DateTimeOffset.UnixEpoch, TimeSpan.Zero, 0, new GenerationSummary("full", "compare", "copy", 1, 1, 1, 1, 1));
}
