using Checkpointer.Engine;
using Checkpointer.EndToEnd.Tests.Support;
using Xunit;

namespace Checkpointer.EndToEnd.Tests;

/// <summary>A page that was reported dirty, in a dump that reached no committed generation, is in the next one all the same.</summary>
[Collection(KernelCollection.Name)]
[Trait("kind", "kernel")]
public sealed class UncommittedTests(ProgramFixture programs)
{
    /// <summary>Steps of one dump of one process; far more would be an endless loop.</summary>
    private const int StepsMax = 1000;

    public static TheoryData<string, string> Cases => DumpMode.OfPrograms();

    public static TheoryData<string> Modes => [.. DumpMode.All];

    [RootTheory]
    [MemberData(nameof(Cases))]
    public void Dump_AfterOneThatWasNotCommitted_HasTheChangesOfBoth(string program, string mode)
    {
        using var run = new TrackedRun(programs, program, mode);
        run.Dump();
        run.Job.TakeStep(1);
        run.DumpTo(new MemoryCheckpoint(run.Base));
        run.Job.TakeStep(2);

        run.Dump();

        run.KillRestoreAndJudge(run.Generations[1], "third dump on the base of the first");
    }

    [RootTheory]
    [MemberData(nameof(Modes))]
    public void Dump_AfterOneWhoseSinkFails_HasTheChangesOfBoth(string mode)
    {
        for (var calls = 0; calls < 8; calls++)
        {
            using var run = new TrackedRun(programs, "wp_dontneed", mode);
            run.Dump();
            run.Job.TakeStep(1);
            var failing = new FailingCheckpoint(run.Base!, calls);
            var failure = Record.Exception(() => run.DumpTo(failing));
            run.Job.TakeStep(2);

            run.Dump();

            Assert.True(failing.HasFailed, $"the sink takes {calls} calls and is not called that often");
            Assert.NotNull(failure);
            run.KillRestoreAndJudge(run.Generations[1], $"after a failure at call {calls}");
        }
    }

    [RootTheory]
    [MemberData(nameof(Modes))]
    public void Dump_AfterOneThatWasCancelled_HasTheChangesOfBoth(string mode)
    {
        using var run = new TrackedRun(programs, "wp_dontneed", mode);
        run.Dump();
        run.Job.TakeStep(1);
        using var cancellation = new CancellationTokenSource();
        cancellation.Cancel();
        Assert.ThrowsAny<OperationCanceledException>(() => run.DumpTo(new MemoryCheckpoint(run.Base), null, cancellation.Token));
        run.Job.TakeStep(2);

        run.Dump();

        run.KillRestoreAndJudge(run.Generations[1], "after a cancelled dump");
    }

    [RootTheory]
    [MemberData(nameof(Modes))]
    public void Dump_CancelledAtItsFirstProgress_LosesNothing(string mode)
    {
        using var run = new TrackedRun(programs, "dirty_random", mode);
        run.Dump();
        for (var round = 0; round < 3; round++)
        {
            run.Job.WaitForProgress(".log-0");
            using var cancellation = new CancellationTokenSource();
            var progress = new Callback(() => cancellation.Cancel());
            var failure = Record.Exception(() => run.DumpTo(new MemoryCheckpoint(run.Base), progress, cancellation.Token));
            Assert.True(failure is null or OperationCanceledException, $"{failure}");
        }

        run.Dump();

        run.KillRestoreAndJudge(run.Generations[1], "after cancelled dumps");
    }

    [RootTheory]
    [MemberData(nameof(Modes))]
    public void Dump_AfterFailuresAtEveryStep_LosesNothing(string mode)
    {
        using var run = new TrackedRun(programs, "dirty_random", mode);
        run.Dump();

        var failures = FailAtEachStep(run);

        Assert.True(failures > 5, $"only {failures} steps");
        run.KillRestoreAndJudge(run.Generations[1], $"after {failures} failures");
    }

    /// <summary>Dumps with a failure at the first step, the second, and so on, until one dump has no step left to fail at; that one is committed.</summary>
    private static int FailAtEachStep(TrackedRun run)
    {
        for (var failing = 0; failing < StepsMax; failing++)
        {
            var step = 0;
            var hasFailed = false;
            run.Engine.StepHook = name =>
            {
                if (step++ == failing)
                {
                    hasFailed = true;
                    throw new EngineException(EngineFailure.Failed, $"injected at step {failing}: {name}");
                }
            };
            var generation = new MemoryCheckpoint(run.Base);
            var failure = Record.Exception(() => run.DumpTo(generation));
            if (!hasFailed)
            {
                Assert.Null(failure);
                run.Engine.StepHook = null;
                run.Commit(generation);
                return failing;
            }
        }

        throw new InvalidOperationException($"more than {StepsMax} steps");
    }

    private sealed class Callback(Action action) : IProgress<long>
    {
        public void Report(long value) => action();
    }
}
