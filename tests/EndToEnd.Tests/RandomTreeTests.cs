using System.Globalization;
using Checkpointer.EndToEnd.Tests.Support;
using Xunit;

namespace Checkpointer.EndToEnd.Tests;

/// <summary>Trees that came about at random, of sessions, groups, subreapers, orphans and zombies. The program prints its seed.</summary>
[Collection(KernelCollection.Name)]
[Trait("kind", "e2e")]
[Trait("resource", "tree")]
public sealed class RandomTreeTests(ProgramFixture programs)
{
    private const int Seeds = 20;

    public static TheoryData<int> AllSeeds => [.. Enumerable.Range(1, Seeds)];

    [RootTheory]
    [MemberData(nameof(AllSeeds))]
    public void Recover_OfATreeThatCameAboutAtRandom_EachProcessIsWhereItWas(int seed)
    {
        using var session = Session.StartCommand(
            programs.Executable("tree_random"), ["{directory}/tree_random", seed.ToString(CultureInfo.InvariantCulture)], output => output.Contains("ready\n", StringComparison.Ordinal));
        session.Dump(1);
        session.KillAndRecover(1);

        session.Job.Go(byFile: false);

        var status = session.Job.WaitExit();
        Assert.True(status is { Exited: true, Code: 0 } && session.Job.Output.EndsWith("PASS\n", StringComparison.Ordinal), $"{status}: {session.Job}");
    }
}
