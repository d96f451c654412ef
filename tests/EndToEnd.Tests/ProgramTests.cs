using Checkpointer.EndToEnd.Tests.Support;
using Xunit;

namespace Checkpointer.EndToEnd.Tests;

/// <summary>Every self-verifying program of one process through dump and restore, by the real command line.</summary>
[Collection(KernelCollection.Name)]
[Trait("kind", "e2e")]
public sealed class ProgramTests(ProgramFixture programs)
{
    public static TheoryData<string> Processes => TestProgram.Processes;

    public static TheoryData<string> ThreadStates => TestProgram.ThreadStates;

    /// <summary>Rounds of dump, kill and recover for the programs of thread states. 3 keeps the suite short; more are asked
    /// for by CHECKPOINTER_ROUNDS.</summary>
    private static int Rounds => Repetition.Rounds(3);

    [RootTheory]
    [MemberData(nameof(Processes))]
    public void Dump_OfRunningProgram_LeavesItRight(string name)
    {
        using var session = Session.StartWithStore(programs, name);

        session.Dump(1);

        session.Finish();
    }

    [RootTheory]
    [MemberData(nameof(Processes))]
    public void Restore_OfSecondThenFirstGeneration_ProgramFindsItsStateRight(string name)
    {
        using var session = Session.StartWithStore(programs, name);
        session.Dump(1);
        session.Dump(2);

        session.KillAndRecover(2);
        session.KillAndRestore(1);

        session.Finish();
    }

    [RootTheory]
    [MemberData(nameof(ThreadStates))]
    public void Recover_RoundAfterRound_ProgramFindsItsStateRight(string name)
    {
        using var session = Session.StartWithStore(programs, name);

        for (var round = 1; round <= Rounds; round++)
        {
            session.Dump(round);
            session.KillAndRecover(round);
        }

        session.Finish();
    }
}
