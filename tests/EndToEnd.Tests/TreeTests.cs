using Checkpointer.EndToEnd.Tests.Support;
using Xunit;

namespace Checkpointer.EndToEnd.Tests;

/// <summary>Trees of processes through dump and restore.</summary>
[Collection(KernelCollection.Name)]
[Trait("kind", "e2e")]
[Trait("resource", "tree")]
public sealed class TreeTests(ProgramFixture programs)
{
    public static TheoryData<string> Trees => TestProgram.Trees;

    [RootTheory]
    [MemberData(nameof(Trees))]
    public void Dump_OfRunningTree_LeavesItRight(string name)
    {
        using var session = Session.StartWithStore(programs, name);

        session.Dump(1);

        session.Finish();
    }

    [RootTheory]
    [MemberData(nameof(Trees))]
    public void Recover_AfterKill_TreeFindsItsStateRight(string name)
    {
        using var session = Session.StartWithStore(programs, name);

        for (var round = 1; round <= 2; round++)
        {
            session.Dump(round);
            session.KillAndRecover(round);
        }

        session.Finish();
    }
}
