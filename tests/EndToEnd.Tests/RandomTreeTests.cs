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
    private const int SeedWithHelpers = 10;

    public static TheoryData<int> AllSeeds => [.. Enumerable.Range(1, Seeds)];

    [RootTheory]
    [MemberData(nameof(AllSeeds))]
    public void Recover_OfATreeThatCameAboutAtRandom_EachProcessIsWhereItWas(int seed)
    {
        using var session = Start(seed);
        session.Dump(1);
        session.KillAndRecover(1);

        session.Finish();
    }

    /// <summary>Processes that are made for the time of a restore take numbers that nobody has. One that has ended may still be the session of others.</summary>
    [RootFact]
    public void Recover_WhereFreeNumbersAreSessionsOfOthers_HelpersTakeOthers()
    {
        using var session = Start(SeedWithHelpers);
        session.Dump(1);
        var numbers = ProcFacts.Descendants(session.Job.Pid).ToHashSet();
        var last = numbers.Where(ProcFacts.HasMemory).Max();
        session.Job.Kill();
        var free = Enumerable.Range(last + 1, numbers.Count).First(number => !numbers.Contains(number) && !ProcFacts.Exists(number));
        using var squatter = TestJob.Start(programs.Executable("take_pid"), [$"{free}", "session"], session.Directory, "take_pid");
        squatter.WaitForLine("ready");

        session.Restored(session.Cli.Run("recover", "--latest", session.JobName).Expect(0), 1);

        session.Finish();
    }

    private Session Start(int seed) => Session.StartCommand(
        programs.Executable("tree_random"), ["{directory}/tree_random", seed.ToString(CultureInfo.InvariantCulture)], output => output.Contains("ready\n", StringComparison.Ordinal));
}
