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

    [RootFact]
    public void Dump_KilledAtAnyInstant_LeavesTheJobAtWorkAndTheNextOneSucceeds()
    {
        var random = Repetition.Chance(output);
        using var session = Session.Start(programs, "steady");
        var watch = new JobWatch(session.Job);
        var killed = 0;

        for (var round = 0; round < Kills; round++)
        {
            var when = $"round {round}";
            killed += KillWhileItTraces(session, random.Next(MicrosecondsMax)) ? 1 : 0;
            watch.AssertGoesOn(when);
            _ = session.Cli.Run("dump", Session.RegisteredName).Expect(0);
            watch.AssertAsFound(when);
        }

        output.WriteLine($"{killed} of {Kills} dumps were killed before they ended");
        Assert.InRange(killed, Kills / 2, Kills);
        session.Finish();
    }

    /// <summary>What a dump makes for itself it also waits for: orphans come to us, as to the first process of a machine.</summary>
    [RootFact]
    public void Dump_ThatEndsByItself_LeavesNoOrphan()
    {
        using var session = Session.Start(programs, "steady");
        List<int> before = [.. ProcFacts.Descendants(Environment.ProcessId)];

        session.Dump(1);

        Assert.Equal(before, ProcFacts.Descendants(Environment.ProcessId));
        session.Finish();
    }

    /// <summary>Starts a dump, waits until it has attached to the job, and kills it some microseconds later.</summary>
    private static bool KillWhileItTraces(Session session, int microseconds)
    {
        var run = session.Cli.Start("dump", Session.RegisteredName);
        Wait.Until(() => ProcFacts.Status(session.Job.Pid, "TracerPid") != "0" || run.HasEnded, Wait.Patience, () => "the dump does not begin");
        Repetition.LetWork(microseconds);
        var isKilled = !run.HasEnded;
        run.Kill();
        return isKilled;
    }
}
