using System.Diagnostics;
using Checkpointer.EndToEnd.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace Checkpointer.EndToEnd.Tests;

/// <summary>The real program is killed by SIGKILL in the middle of dumps of a busy job, again and again. The job does not notice.</summary>
[Collection(KernelCollection.Name)]
[Trait("kind", "e2e")]
public sealed class KillTests(ProgramFixture programs, ITestOutputHelper output)
{
    // Longer than the freeze of this small job takes, so that some kills come after it.
    private const int MicrosecondsMax = 30_000;

    /// <summary>20 keeps the suite short; more are asked for by CHECKPOINTER_KILLS.</summary>
    private static int Kills => int.TryParse(Environment.GetEnvironmentVariable("CHECKPOINTER_KILLS"), out var kills) ? kills : 20;

    private static int Seed => int.TryParse(Environment.GetEnvironmentVariable("SEED"), out var seed) ? seed : Environment.TickCount;

    [RootFact]
    public void Dump_KilledAtAnyInstant_LeavesTheJobAtWorkAndTheNextOneSucceeds()
    {
        var seed = Seed;
        output.WriteLine($"SEED={seed}");
        var random = new Random(seed);
        using var session = Session.Start(programs, "steady");
        var watch = new JobWatch(session.Job);
        var killed = 0;

        for (var round = 0; round < Kills; round++)
        {
            var when = $"SEED={seed} round {round}";
            killed += KillWhileItTraces(session, random.Next(MicrosecondsMax)) ? 1 : 0;
            watch.AssertGoesOn(when);
            _ = session.Cli.Run("dump", Session.RegisteredName).Expect(0);
            watch.AssertAsFound(when);
        }

        output.WriteLine($"{killed} of {Kills} dumps were killed before they ended");
        Assert.InRange(killed, Kills / 2, Kills);
        session.Finish();
    }

    /// <summary>Starts a dump, waits until it has attached to the job, and kills it some microseconds later.</summary>
    private static bool KillWhileItTraces(Session session, int microseconds)
    {
        var run = session.Cli.Start("dump", Session.RegisteredName);
        Wait.Until(() => ProcFacts.Status(session.Job.Pid, "TracerPid") != "0" || run.HasEnded, Wait.Patience, () => "the dump does not begin");
        var attached = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(attached).TotalMicroseconds < microseconds)
        {
            Thread.SpinWait(20);
        }

        var isKilled = !run.HasEnded;
        run.Kill();
        return isKilled;
    }
}
