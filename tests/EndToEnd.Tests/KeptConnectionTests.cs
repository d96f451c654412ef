using Checkpointer.EndToEnd.Tests.Support;
using Xunit;

namespace Checkpointer.EndToEnd.Tests;

/// <summary>TCP connections that lead out of a job which is stopped by its dump, and what keeps packets from them meanwhile.</summary>
[Collection(KernelCollection.Name)]
[Trait("kind", "e2e")]
public sealed class KeptConnectionTests(ProgramFixture programs)
{
    private const string Program = "sock_tcp_kept";
    private const int DoneWithWarnings = 3;

    private static int Rounds => Repetition.Rounds(2);

    [RootFact]
    public void Recover_AfterDumpThatStops_ConnectionsGoOn()
    {
        using var session = Session.StartWithStore(programs, Program);

        for (var round = 1; round <= Rounds; round++)
        {
            DumpAndStop(session);
            session.Restored(session.Cli.Run("recover", session.JobName).Expect(0), round);
        }

        session.Finish();
    }

    [RootFact]
    public void Dump_ThatDoesNotStop_LeavesConnectionsToTheJob()
    {
        using var session = Session.StartWithStore(programs, Program);

        var notes = session.Cli.Run("dump", "--pid", $"{session.Job.Pid}", "--tcp", "keep").Expect(0).Json.Single().GetProperty("notes");

        Assert.Contains("it goes on after `dump --stop`", $"{notes}", StringComparison.Ordinal);
        session.Finish();
    }

    [RootFact]
    public void Restore_OfConnectionsThatHaveGoneOnSince_WarnsOfEach()
    {
        using var session = Session.StartWithStore(programs, Program);
        DumpAndStop(session);
        session.Restored(session.Cli.Run("recover", session.JobName).Expect(0), 1);
        session.Job.Kill();

        var restored = session.Restored(session.Cli.Run("restore", $"{session.JobName}/1").Expect(DoneWithWarnings), 1);

        Assert.Equal(11, restored.GetProperty("warnings").EnumerateArray().Count(warning => warning.GetString()!.Contains("was not kept", StringComparison.Ordinal)));
    }

    private static void DumpAndStop(Session session)
    {
        _ = session.Cli.Run("dump", "--pid", $"{session.Job.Pid}", "--stop", "--tcp", "keep").Expect(0);
        _ = session.Job.WaitExit();
    }
}
