using Checkpointer.EndToEnd.Tests.Support;
using Xunit;

namespace Checkpointer.EndToEnd.Tests;

/// <summary>The PID of the job at the time of the restore: taken by somebody else, or not yet given back.</summary>
[Collection(KernelCollection.Name)]
[Trait("kind", "e2e")]
public sealed class PidTests(ProgramFixture programs)
{
    private const int Failed = 1;
    private const int NothingToRestore = 4;

    [RootFact]
    public void Recover_WithPidTaken_NamesTheHolderAndLeavesItAlone()
    {
        using var session = Session.Start(programs, "compute");
        session.Dump(1);
        session.Job.Kill();
        using (var squatter = TestJob.Start(programs.Executable("take_pid"), [$"{session.Job.Pid}"], session.Directory, "take_pid"))
        {
            squatter.WaitForLine("ready");

            var refusal = session.Cli.Run("recover", "--latest", session.JobName, "--pid-namespace", "refuse").Expect(Failed).Json.Single();

            var error = refusal.GetProperty("error").GetString();
            Assert.Contains($"{session.Job.Pid}", error, StringComparison.Ordinal);
            Assert.Contains("squatter", error, StringComparison.Ordinal);
            Assert.Equal("squatter", ProcFacts.Status(session.Job.Pid, "Name"));
            Assert.True(squatter.IsRunning);
            squatter.Kill();
        }

        session.Restored(session.Cli.Run("recover", "--latest", session.JobName).Expect(0), 1);
        session.Finish();
    }

    [RootFact]
    public void Recover_WhileTheDeadJobIsNotYetReaped_WaitsForItsPid()
    {
        using var session = Session.Start(programs, "compute");
        session.Dump(1);
        session.Job.KillWithoutReaping();
        var recovery = session.Cli.Start("recover", "--latest", session.JobName);

        // Reaped when the recovery is well under way: it has started a process, or has had the time to.
        Wait.Until(
            () => ProcFacts.HasChildren(recovery.Pid) || recovery.Elapsed > TimeSpan.FromSeconds(3),
            Wait.Patience,
            () => "the recovery does nothing");
        Assert.Equal("Z", session.Job.State);
        session.Job.Kill();

        session.Restored(recovery.Finish().Expect(0), 1);
        session.Finish();
    }

    [RootFact]
    public void Recover_OfRunningJob_LeavesItAlone()
    {
        using var session = Session.Start(programs, "compute");
        session.Dump(1);
        var started = ProcFacts.StartTicks(session.Job.Pid);

        var answer = session.Cli.Run("recover", "--latest", session.JobName).Expect(NothingToRestore).Json.Single();

        Assert.Equal("running", answer.GetProperty("status").GetString());
        Assert.Equal(started, ProcFacts.StartTicks(session.Job.Pid));
        session.Finish();
    }

    [RootFact]
    public void Recover_Twice_RestoresOnce()
    {
        using var session = Session.Start(programs, "compute");
        session.Dump(1);
        session.KillAndRecover(1);
        var started = ProcFacts.StartTicks(session.Job.Pid);

        session.Cli.Run("recover", "--latest", session.JobName).Expect(NothingToRestore);

        Assert.Equal(started, ProcFacts.StartTicks(session.Job.Pid));
        session.Finish();
    }

    [RootFact]
    public void Dump_WithStop_KillsTheJobAfterTheGenerationIsCommitted()
    {
        using var session = Session.Start(programs, "mem_random");

        session.Cli.Run("dump", session.JobName, "--stop").Expect(0);

        Assert.False(session.Job.IsRunning);
        session.KillAndRecover(1); // only reaps
        session.Finish();
    }
}
