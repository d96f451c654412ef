using Checkpointer.EndToEnd.Tests.Support;
using Xunit;

namespace Checkpointer.EndToEnd.Tests;

/// <summary>Generations on top of each other, in every way of tracking and taking pages: each restores to its own instant.</summary>
[Collection(KernelCollection.Name)]
[Trait("kind", "kernel")]
public sealed class IncrementTests(ProgramFixture programs)
{
    /// <summary>Of this one a root that is another program image by the third dump: whatever that is called, it is right or not.</summary>
    private const string Execs = "wp_exec";

    /// <summary>Dumps of a job that never stands still; enough for each page to be in several generations and absent from others.</summary>
    private const int RandomDumps = 8;

    public static TheoryData<string, string> Cases => DumpMode.OfPrograms();

    public static TheoryData<string> Modes => [.. DumpMode.All];

    [RootTheory]
    [MemberData(nameof(Cases))]
    public void Restore_OfAnyGeneration_FindsMemoryAsItWasThen(string program, string mode)
    {
        using var run = new TrackedRun(programs, program, mode);
        run.Dump();
        for (var step = 1; step <= 2; step++)
        {
            run.Job.TakeStep(step);
            var report = run.Dump();
            if (program != Execs)
            {
                run.ExpectIncremental(report);
            }
        }

        for (var number = run.Generations.Count; number > 0; number--)
        {
            run.KillRestoreAndJudge(run.Generations[number - 1], $"generation {number}");
        }
    }

    [RootTheory]
    [MemberData(nameof(Cases))]
    public void Dumps_OfChangingProgram_LeaveItRight(string program, string mode)
    {
        using var run = new TrackedRun(programs, program, mode);
        for (var step = 1; step <= 2; step++)
        {
            run.Dump();
            run.Job.TakeStep(step);
        }

        run.Dump();

        run.Finish("never restored");
    }

    [RootTheory]
    [MemberData(nameof(Modes))]
    public void Restore_OfJobThatWritesAtRandom_FindsEveryPageRight(string mode)
    {
        using var run = new TrackedRun(programs, "dirty_random", mode);
        run.Dump();
        for (var number = 2; number <= RandomDumps; number++)
        {
            run.Job.WaitForProgress(".log-0");
            run.ExpectIncremental(run.Dump());
        }

        for (var number = RandomDumps; number > 0; number--)
        {
            run.KillRestoreAndJudge(run.Generations[number - 1], $"generation {number}");
        }
    }

    [RootTheory]
    [MemberData(nameof(Modes))]
    public void Dump_OfRestoredJob_IsFullAndThenIncrementalAgain(string mode)
    {
        using var run = new TrackedRun(programs, "wp_dontneed", mode);
        run.Dump();
        run.Job.TakeStep(1);
        run.Dump();
        run.Job.Kill();
        run.Engine.Restore(run.Generations[1], "memory-1", null, default);

        run.RestartTracking();
        var first = run.Dump();
        run.Job.TakeStep(2);
        run.ExpectIncremental(run.Dump());

        Assert.Equal("full", first.Kind);
        run.KillRestoreAndJudge(run.Generations[1], "second generation of the restored job");
    }

    [RootFact]
    public void Dump_ByANewTracker_IsFullAndRight()
    {
        using var run = new TrackedRun(programs, "wp_mappings", DumpMode.Auto);
        run.Dump();
        run.Job.TakeStep(1);
        run.Dump();
        run.RestartTracking();
        run.Job.TakeStep(2);

        var report = run.Dump();

        Assert.Equal("full", report.Kind);
        run.KillRestoreAndJudge(run.Generations[0], "generation of the new tracker");
    }

    [RootTheory]
    [MemberData(nameof(Modes))]
    public void Dumps_ByTwoTrackersInTurn_AreBothRight(string mode)
    {
        using var run = new TrackedRun(programs, "wp_dontneed", mode);
        using var other = run.Engine.Track(new Engine.Support.ProcessId(run.Job.Pid));
        run.Dump();
        var others = new List<MemoryCheckpoint>();
        for (var step = 1; step <= 2; step++)
        {
            var generation = new MemoryCheckpoint(others.LastOrDefault());
            other.Dump(generation, null, stops: false, default);
            other.Committed();
            others.Add(generation);
            run.Job.TakeStep(step);
            run.Dump();
        }

        run.KillRestoreAndJudge(run.Generations[^1], "last generation of the first tracker");
        run.KillRestoreAndJudge(others[^1], "last generation of the other tracker");
        run.KillRestoreAndJudge(run.Generations[^2], "second generation of the first tracker");
    }
}
