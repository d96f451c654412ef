using Checkpointer.EndToEnd.Tests.Support;
using Xunit;

namespace Checkpointer.EndToEnd.Tests;

/// <summary>Memory in huge pages: where the system has too few left, and transparent ones that a dump splits.</summary>
[Collection(KernelCollection.Name)]
[Trait("kind", "e2e")]
public sealed class HugePageTests(ProgramFixture programs)
{
    private const int PagesOfProgram = 5;

    [HugePageFact]
    public void Recover_WhereHugePagesAreMissing_SaysHowManyAndWorksWhenTheyAreThere()
    {
        using var session = Session.StartWithStore(programs, "wp_huge");
        session.Dump(1);
        session.Job.Kill();
        CliResult refused;
        using (HugePagePool.WithNone())
        {
            refused = session.Cli.Run("recover", "--latest", session.JobName);
        }

        _ = session.Restored(session.Cli.Run("recover", "--latest", session.JobName).Expect(0), 1);
        session.Finish();
        Assert.NotEqual(0, refused.ExitCode);
        Assert.Contains($"needs {PagesOfProgram} huge pages of 2048 KiB", $"{refused}", StringComparison.Ordinal);
        Assert.Contains("are missing", $"{refused}", StringComparison.Ordinal);
    }

    [RootTheory]
    [InlineData("tracked, cloned")]
    [InlineData("compared, cloned")]
    [InlineData("tracked, copied")]
    public void Dump_OfTransparentHugePages_JoinsThemAgain(string mode)
    {
        using var run = new TrackedRun(programs, "thp_rewrite", mode);
        var before = HugeBytes(run.Job.Pid);

        run.Dump();
        run.Dump();
        run.RestartTracking();

        Assert.Equal(before, HugeBytes(run.Job.Pid));
        run.Job.Go(byFile: false);
        Assert.Equal(0, run.Job.WaitExit().Code);
    }

    private static string HugeBytes(int pid) =>
        File.ReadLines($"/proc/{pid}/smaps_rollup").First(line => line.StartsWith("AnonHugePages:", StringComparison.Ordinal));
}
