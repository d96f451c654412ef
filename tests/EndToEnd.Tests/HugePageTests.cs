using Checkpointer.EndToEnd.Tests.Support;
using Xunit;

namespace Checkpointer.EndToEnd.Tests;

/// <summary>Memory in huge pages where the system has too few left.</summary>
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
}
