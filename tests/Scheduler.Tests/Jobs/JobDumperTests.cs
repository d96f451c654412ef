using Checkpointer.Engine;
using Checkpointer.Scheduler.Tests.Fakes;
using Checkpointer.Store;

namespace Checkpointer.Scheduler.Tests.Jobs;

public sealed class JobDumperTests
{
    private readonly CommandLine _line = new();

    public JobDumperTests()
    {
        _line.Engine.Start(4711);
        _line.Store.AddJob("md");
    }

    [Fact]
    public void Dump_OfRunningJob_BeginsDumpsCommitsAndCloses()
    {
        CommandResult result = _line.Run("dump", "md");

        Assert.Equal(0, result.Code);
        Assert.Equal(
            ["track 4711", "begin md", "dump 4711", "image process/4711 3", "commit", "committed", "close", "untrack"], _line.Journal);
    }

    [Fact]
    public void Limits_ThatAJobWasRegisteredWith_AreThoseOfItsDumps()
    {
        _line.Engine.Start(4712);
        Assert.Equal(0, _line.Run("register", "slow", "--pid", "4712", "--limit-rate", "8M", "--limit-cores", "1", "--limit-nice", "15").Code);

        Assert.Equal(0, _line.Run("dump", "slow").Code);
        Assert.Equal(0, _line.Run("dump", "md").Code);

        Assert.Equal([new DumpLimits(15, 8 << 20), DumpLimits.Default], _line.Engine.Limits);
        Assert.Equal([new WriterLimits(15, 1), WriterLimits.Default], _line.Store.Limits);
    }

    [Theory]
    [InlineData("--limit-rate", "1K")]
    [InlineData("--limit-cores", "0")]
    [InlineData("--limit-nice", "20")]
    public void Limits_OutOfRange_AreNone(string option, string value)
        => Assert.Equal(2, _line.Run("register", "slow", "--pid", "4711", option, value).Code);

    [Fact]
    public void Dump_OfAJobRegisteredAsShellJob_RemembersThat()
    {
        _line.Engine.Start(4712);
        Assert.Equal(0, _line.Run("register", "shell", "--pid", "4712", "--shell-job").Code);

        Assert.Equal(0, _line.Run("dump", "shell").Code);
        Assert.Equal(0, _line.Run("check", "shell").Code);

        Assert.Contains("track 4712 as shell job", _line.Journal);
        Assert.Equal("check 4712 as shell job", _line.Journal[^1]);
    }

    [Fact]
    public void Dump_OfACgroupWhoseFirstProcessEnded_GoesOnAndRemembersTheNext()
    {
        _line.Store.AddJob("service", cgroup: "/sys/fs/cgroup/service");
        _line.Engine.Start(4712, 200);
        _line.Engine.Cgroups["/sys/fs/cgroup/service"] = 4712;

        Assert.Equal(0, _line.Run("dump", "service").Code);

        Assert.Equal((4712, 200ul), (_line.Store.Job("service").Pid, _line.Store.Job("service").StartTicks));
    }

    [Fact]
    public void Dump_OfAnEmptyCgroup_SaysSo()
    {
        _line.Store.AddJob("service", cgroup: "/sys/fs/cgroup/service");

        CommandResult result = _line.Run("dump", "service");

        Assert.Equal(1, result.Code);
        Assert.Contains("the cgroup /sys/fs/cgroup/service has no process", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Dump_WithRefusal_LeavesNoGeneration()
    {
        _line.Engine.Findings.Add(new Finding(4711, "io_uring", "It has an io_uring.", FindingSeverity.Refusal));

        CommandResult result = _line.Run("dump", "md");

        Assert.Equal(5, result.Code);
        Assert.Equal(["track 4711", "begin md", "dump 4711", "close", "untrack"], _line.Journal);
        Assert.Contains("io_uring (PID 4711): It has an io_uring.", result.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1, 0)]
    [InlineData(3, 0)]
    [InlineData(4, 75)]
    public void Dump_OfABusyFile_IsRepeatedAFewTimes(int failures, int code)
    {
        int attempts = 0;
        _line.Engine.DuringDump = () =>
        {
            if (attempts++ < failures)
            {
                throw new EngineException(EngineFailure.FileBusy, "/data/table is written all the while");
            }
        };

        Assert.Equal(code, _line.Run("dump", "md").Code);
        Assert.Equal(Math.Min(failures + 1, 4), attempts);
        Assert.Equal(attempts, _line.Journal.Count(entry => entry == "close"));
    }

    [Fact]
    public void Dump_OfAJobWithAPolicy_TracksItByThat()
    {
        _line.Engine.Start(500);

        _ = _line.Run("register", "relax", "--pid", "500", "--files", "sizes", "--file", "/data/a", "--file", "/data/b*", "--file-max", "2G", "--files-over", "refuse");
        _ = _line.Run("dump", "relax");

        FilePolicy policy = Assert.Single(_line.Engine.Policies);
        Assert.Equal((FileChoice.Sizes, 2L << 30, FilePolicy.Default.TotalBytesMax, true), (policy.Files, policy.FileBytesMax, policy.TotalBytesMax, policy.RefusesOverBudget));
        Assert.Equal(["/data/a", "/data/b*"], policy.Paths);
    }

    [Fact]
    public void Dump_WithAPolicyForAJobThatHasOne_IsRefused()
    {
        Assert.Equal(1, _line.Run("dump", "md", "--files", "none").Code);
        Assert.Empty(_line.Journal);
    }

    [Fact]
    public void Dump_WithNoteOnly_IsDone()
    {
        _line.Engine.Findings.Add(new Finding(4711, "tty", "Its terminal is not restored.", FindingSeverity.Note));

        Assert.Equal(0, _line.Run("dump", "md").Code);
        Assert.Single(_line.Store.Generations("md"));
    }

    [Fact]
    public void Dump_FailingInTheMiddle_LeavesNoGenerationAndClosesTheWriter()
    {
        _line.Engine.DuringDump = () => throw new EngineException(EngineFailure.TimedOut, "thread 4712 did not stop in 10 s");

        CommandResult result = _line.Run("dump", "md", "--stop");

        Assert.Equal(75, result.Code);
        Assert.Empty(_line.Store.Generations("md"));
        Assert.Equal(["close", "untrack"], _line.Journal.TakeLast(2));
        Assert.DoesNotContain("commit", _line.Journal);
        Assert.True(_line.Engine.Alive.ContainsKey(4711));
    }

    [Fact]
    public void Dump_WithStopAndFailingCommit_DoesNotKill()
    {
        _line.Store.CommitFailure = new StoreException(StoreFailure.Full, "no space left on /store");

        CommandResult result = _line.Run("dump", "md", "--stop");

        Assert.Equal(1, result.Code);
        Assert.DoesNotContain("kill 4711", _line.Journal);
    }

    [Fact]
    public void Dump_WithStop_KillsAfterTheGenerationIsClosed()
    {
        CommandResult result = _line.Run("dump", "md", "--stop");

        Assert.Equal(0, result.Code);
        Assert.Equal(["commit", "committed", "close", "kill 4711", "untrack"], _line.Journal.TakeLast(5));
    }

    [Fact]
    public void Dump_WithStopAndFailingKill_ReportsTheGenerationAndTheFailure()
    {
        _line.Engine.KillFailure = new EngineException(EngineFailure.NotPermitted, "kill of 4711: EPERM");

        CommandResult result = _line.Run("dump", "md", "--stop", "--json");

        Assert.Equal(1, result.Code);
        string[] lines = result.Out.TrimEnd().Split('\n');
        Assert.Contains("\"generation\":\"md/1\"", lines[0], StringComparison.Ordinal);
        Assert.Contains("\"error\":\"kill of 4711: EPERM\"", lines[1], StringComparison.Ordinal);
    }

    [Fact]
    public void Dump_WhosePidChangedHandsMeanwhile_IsNotCommitted()
    {
        _line.Engine.DuringDump = () => _line.Engine.Start(4711, startTicks: 200);

        CommandResult result = _line.Run("dump", "md");

        Assert.Equal(1, result.Code);
        Assert.DoesNotContain("commit", _line.Journal);
    }

    [Fact]
    public void Dump_CancelledAfterTheEngineIsDone_IsNotCommitted()
    {
        using var cancellation = new CancellationTokenSource();
        _line.Engine.DuringDump = cancellation.Cancel;

        CommandResult result = _line.Run(cancellation.Token, "dump", "md");

        Assert.Equal(130, result.Code);
        Assert.DoesNotContain("commit", _line.Journal);
    }

    [Fact]
    public void Dump_WhileAnotherIsUnderWay_IsLocked()
    {
        _line.Store.BeginFailure = new StoreException(StoreFailure.Locked, "job md is being dumped by PID 99");

        Assert.Equal(11, _line.Run("dump", "md").Code);
    }

    [Theory]
    [InlineData(null, "PID 4711 is gone")]
    [InlineData(200UL, "PID 4711 is another process now")]
    public void Dump_OfJobThatIsGone_SaysSoAndHowToRecover(ulong? startTicksNow, string expected)
    {
        _line.Engine.Alive.Clear();
        if (startTicksNow is ulong ticks)
        {
            _line.Engine.Start(4711, ticks);
        }

        CommandResult result = _line.Run("dump", "md");

        Assert.Equal(1, result.Code);
        Assert.Contains($"job md is not running ({expected})", result.Error, StringComparison.Ordinal);
        Assert.Contains("hint: bring it back with `checkpointer recover --latest md`", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Dump_OfUnregisteredJob_IsRefusedWithHint()
    {
        _line.Run("unregister", "md");

        CommandResult result = _line.Run("dump", "md");

        Assert.Equal(1, result.Code);
        Assert.Contains("hint: `checkpointer register md --pid P`", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void DumpByPid_OfRegisteredProcess_UsesItsJob()
    {
        CommandResult result = _line.Run("dump", "--pid", "4711");

        Assert.Equal(0, result.Code);
        Assert.Single(_line.Store.Generations("md"));
        Assert.DoesNotContain(_line.Journal, entry => entry.StartsWith("register", StringComparison.Ordinal));
    }

    [Fact]
    public void DumpByPid_OfStranger_RegistersItAndSaysSo()
    {
        _line.Engine.Start(500);

        CommandResult result = _line.Run("dump", "--pid", "500");

        Assert.Equal(0, result.Code);
        Assert.Contains("PID 500 is registered as job pid-500", result.Out, StringComparison.Ordinal);
        Assert.Single(_line.Store.Generations("pid-500"));
    }

    [Fact]
    public void DumpByPid_OfStrangerThatIsRefused_DoesNotRegisterIt()
    {
        _line.Engine.Start(500);
        _line.Engine.Findings.Add(new Finding(500, "gpu", "It uses a GPU.", FindingSeverity.Refusal));

        CommandResult result = _line.Run("dump", "--pid", "500");

        Assert.Equal(5, result.Code);
        Assert.Equal(["check 500"], _line.Journal);
    }
}
