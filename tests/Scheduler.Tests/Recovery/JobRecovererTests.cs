using Checkpointer.Engine;
using Checkpointer.Scheduler.Tests.Fakes;
using Checkpointer.Store;

namespace Checkpointer.Scheduler.Tests.Recovery;

public sealed class JobRecovererTests
{
    private readonly CommandLine _line = new();

    [Fact]
    public void Recover_OfGoneJob_VerifiesThenRestoresThenRecordsTheNewProcess()
    {
        AddGoneJob("md", generations: 2);

        CommandResult result = _line.Run("recover", "--latest");

        Assert.Equal(0, result.Code);
        Assert.Equal(["verify md/2", "restore md/2 as md-2", "update md 4711 999"], _line.Journal);
        Assert.Equal(999UL, _line.Store.Job("md").StartTicks);
    }

    [Fact]
    public void Recover_Twice_RestoresOnce()
    {
        AddGoneJob("md", generations: 1);

        _line.Run("recover", "--latest");
        CommandResult second = _line.Run("recover", "--latest");

        Assert.Equal(4, second.Code);
        Assert.Contains("job md is running (PID 4711); nothing to do", second.Out, StringComparison.Ordinal);
        Assert.Single(_line.Journal, entry => entry.StartsWith("restore", StringComparison.Ordinal));
    }

    [Fact]
    public void Recover_WhosePidBelongsToAnotherProcess_Restores()
    {
        AddGoneJob("md", generations: 1);
        _line.Engine.Start(4711, startTicks: 555);

        Assert.Equal(0, _line.Run("recover", "--latest").Code);
        Assert.Contains("restore md/1 as md-1", _line.Journal);
    }

    [Fact]
    public void Recover_WithNewestDamaged_NamesItAndTakesTheNextOlder()
    {
        AddGoneJob("md", generations: 3);
        _line.Store.Spoil(new GenerationName("md", 3));

        CommandResult result = _line.Run("recover", "--latest");

        Assert.Equal(3, result.Code);
        Assert.Equal(["verify md/3", "verify md/2", "restore md/2 as md-2", "update md 4711 999"], _line.Journal);
        Assert.Contains("warning: generation md/3 is damaged in 1 place(s), first pack-1.pack offset 4096", result.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(EngineFailure.BadImage, true)]
    [InlineData(EngineFailure.PidTaken, false)]
    [InlineData(EngineFailure.WorldChanged, false)]
    [InlineData(EngineFailure.NotPermitted, false)]
    [InlineData(EngineFailure.TimedOut, false)]
    [InlineData(EngineFailure.Failed, false)]
    public void Recover_WhoseRestoreFails_FallsBackOnlyForDamage(EngineFailure reason, bool fallsBack)
    {
        AddGoneJob("md", generations: 2);
        _line.Engine.DuringRestore = name =>
        {
            if (name == "md/2")
            {
                throw new EngineException(reason, "it failed");
            }
        };

        CommandResult result = _line.Run("recover", "--latest");

        Assert.Equal(fallsBack, _line.Journal.Contains("restore md/1 as md-1"));
        Assert.Equal(fallsBack ? 3 : reason == EngineFailure.TimedOut ? 75 : 1, result.Code);
    }

    [Fact]
    public void Recover_WhoseChunkGoesBadAfterVerify_FallsBack()
    {
        AddGoneJob("md", generations: 2);
        _line.Engine.DuringRestore = name =>
        {
            if (name == "md/2")
            {
                throw new StoreException(StoreFailure.Corrupt, "chunk differs");
            }
        };

        Assert.Equal(3, _line.Run("recover", "--latest").Code);
        Assert.Contains("restore md/1 as md-1", _line.Journal);
    }

    [Fact]
    public void Recover_ThatCannotRecordTheProcess_LetsNoneRunAndDoesNotTryAnOlderOne()
    {
        AddGoneJob("md", generations: 2);
        _line.Store.UpdateFailure = new StoreException(StoreFailure.Corrupt, "index is bad");

        CommandResult result = _line.Run("recover", "--latest");

        Assert.Equal(1, result.Code);
        Assert.Single(_line.Journal, entry => entry.StartsWith("restore", StringComparison.Ordinal));
        Assert.Contains("the store could not record the process of job md, so it was not restored", result.Error, StringComparison.Ordinal);
        Assert.Empty(_line.Engine.Alive);
    }

    [Fact]
    public void Recover_WithEveryGenerationDamaged_IsCorrupt()
    {
        AddGoneJob("md", generations: 2);
        _line.Store.Spoil(new GenerationName("md", 1));
        _line.Store.Spoil(new GenerationName("md", 2));

        CommandResult result = _line.Run("recover", "--latest");

        Assert.Equal(12, result.Code);
        Assert.DoesNotContain(_line.Journal, entry => entry.StartsWith("restore", StringComparison.Ordinal));
    }

    [Fact]
    public void Recover_WithOneFailure_GivesTheOthersTheirTurn()
    {
        AddGoneJob("bad", generations: 1, pid: 100);
        AddGoneJob("good", generations: 1, pid: 200);
        _line.Store.Spoil(new GenerationName("bad", 1));

        CommandResult result = _line.Run("recover", "--all");

        Assert.Equal(1, result.Code);
        Assert.Contains("restore good/1 as good-1", _line.Journal);
        Assert.Contains("job bad was not restored", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Recover_WithFileFoundDifferent_WarnsAndCountsOnlyRolledBackFiles()
    {
        AddGoneJob("md", generations: 1);
        _line.Engine.Files.Add(new FileChange("/data/out.log", "cut to 100 bytes", RolledBack: true));
        _line.Engine.Files.Add(new FileChange("/lib/libm.so", "has another size", RolledBack: false));

        CommandResult result = _line.Run("recover", "--latest", "md");

        Assert.Equal(3, result.Code);
        Assert.Contains("warning: /lib/libm.so: has another size", result.Error, StringComparison.Ordinal);
        Assert.Contains("  /data/out.log: cut to 100 bytes", result.Out, StringComparison.Ordinal);
    }

    [Fact]
    public void Recover_WithoutGeneration_HasNothingToRestore()
    {
        AddGoneJob("md", generations: 0);

        Assert.Equal(4, _line.Run("recover", "--latest").Code);
    }

    [Fact]
    public void Recover_WithOneRestoredAndOneWithoutGeneration_Warns()
    {
        AddGoneJob("md", generations: 1);
        AddGoneJob("fresh", generations: 0, pid: 300);

        Assert.Equal(3, _line.Run("recover", "--latest").Code);
    }

    [Fact]
    public void Recover_WithoutJobs_HasNothingToRestore() => Assert.Equal(4, _line.Run("recover", "--latest").Code);

    [Fact]
    public void Recover_OfUnknownJob_RestoresNone()
    {
        AddGoneJob("md", generations: 1);

        Assert.Equal(1, _line.Run("recover", "md", "typo").Code);
        Assert.Empty(_line.Journal);
    }

    [Fact]
    public void Recover_LeavesUnregisteredJobsAlone()
    {
        _line.Store.AddJob("old", isRegistered: false);
        _line.Store.AddGeneration("old");

        Assert.Equal(4, _line.Run("recover", "--all").Code);
        Assert.Equal(1, _line.Run("recover", "old").Code);
        Assert.Empty(_line.Journal);
    }

    [Fact]
    public void Recover_Cancelled_EndsWithItsCode()
    {
        AddGoneJob("md", generations: 1);
        using var cancellation = new CancellationTokenSource();
        cancellation.Cancel();

        CommandResult result = _line.Run(cancellation.Token, "recover", "--latest");

        Assert.Equal(130, result.Code);
        Assert.DoesNotContain(_line.Journal, entry => entry.StartsWith("restore", StringComparison.Ordinal));
    }

    [Fact]
    public void Restore_OfOlderGeneration_RestoresThatOne()
    {
        AddGoneJob("md", generations: 3);

        Assert.Equal(0, _line.Run("restore", "md/1").Code);
        Assert.Equal(["verify md/1", "restore md/1 as md-1", "update md 4711 999"], _line.Journal);
    }

    [Fact]
    public void Restore_OfLatest_TakesTheNewestAndNoOther()
    {
        AddGoneJob("md", generations: 3);
        _line.Store.Spoil(new GenerationName("md", 3));

        CommandResult result = _line.Run("restore", "md/latest");

        Assert.Equal(12, result.Code);
        Assert.Equal(["verify md/3"], _line.Journal);
    }

    [Fact]
    public void RestoreAs_WhileTheJobRuns_RegistersTheCopyAndLeavesTheJob()
    {
        AddGoneJob("md", generations: 1);
        _line.Engine.Start(4711);

        CommandResult result = _line.Run("restore", "md/1", "--as", "second", "--keep-files");

        Assert.Equal(0, result.Code);
        Assert.Contains("job second runs as PID 4711, from md/1", result.Out, StringComparison.Ordinal);
        Assert.Contains("restore md/1 as md-1 with files kept as a copy with PIDs Always", _line.Journal);
        Assert.Equal(4711, _line.Store.Job("second").Pid);
        Assert.DoesNotContain(_line.Journal, entry => entry.StartsWith("update", StringComparison.Ordinal));
    }

    [Fact]
    public void RestoreAs_OfAJobThatIsThere_IsRefused()
    {
        AddGoneJob("md", generations: 1);

        CommandResult result = _line.Run("restore", "md/1", "--as", "md");

        Assert.Equal(1, result.Code);
        Assert.Empty(_line.Journal);
    }

    [Theory]
    [InlineData("--shell-job")]
    [InlineData("--pid-namespace", "refuse")]
    public void RestoreAs_WithWhatItExcludes_IsMalformed(params string[] words)
    {
        AddGoneJob("md", generations: 1);

        Assert.Equal(2, _line.Run(["restore", "md/1", "--as", "second", .. words]).Code);
    }

    [Fact]
    public void Restore_WhileTheJobRuns_IsRefused()
    {
        AddGoneJob("md", generations: 1);
        _line.Engine.Start(4711);

        CommandResult result = _line.Run("restore", "md/1");

        Assert.Equal(1, result.Code);
        Assert.Contains("job md is running (PID 4711)", result.Error, StringComparison.Ordinal);
        Assert.Empty(_line.Journal);
    }

    [Fact]
    public void Restore_OfLatestWithoutGeneration_HasNothingToRestore()
    {
        AddGoneJob("md", generations: 0);

        Assert.Equal(4, _line.Run("restore", "md/latest").Code);
    }

    [Fact]
    public void Restore_OfMissingNumber_Fails()
    {
        AddGoneJob("md", generations: 1);

        Assert.Equal(1, _line.Run("restore", "md/9").Code);
    }

    private void AddGoneJob(string name, int generations, int pid = 4711)
    {
        _line.Store.AddJob(name, pid);
        for (int index = 0; index < generations; index++)
        {
            _line.Store.AddGeneration(name);
        }
    }
}
