using System.Text.Json;
using Checkpointer.Engine;
using Checkpointer.Scheduler.Tests.Fakes;
using Checkpointer.Store;

namespace Checkpointer.Scheduler.Tests.Jobs;

/// <summary>Dumps that follow each other: what each is based on, when it begins, and what ends them.</summary>
public sealed class DumpSeriesTests
{
    private const int Warnings = 3;
    private const int Cancelled = 130;

    private readonly CommandLine _line = new();
    private readonly List<TimeSpan> _starts = [];
    private Action<int> _duringDump = _ => { };

    public DumpSeriesTests()
    {
        _line.Engine.Start(4711);
        _line.Store.AddJob("md");
        _line.Engine.DuringDump = () =>
        {
            _starts.Add(_line.Time.Elapsed);
            _duringDump(_starts.Count);
        };
    }

    [Fact]
    public void Series_BasesEachGenerationOnTheOneBefore()
    {
        CommandResult result = _line.Run("dump", "md", "--every", "10s", "--count", "3", "--json");

        Assert.Equal(0, result.Code);
        Assert.Equal(["full", "incremental", "incremental"], Fields(result, "kind"));
        Assert.Equal(["compare", "write-protect", "write-protect"], Fields(result, "tracker"));
        Assert.Equal(["begin md", "begin md on md/1", "begin md on md/2"], Begins());
        Assert.Single(_line.Journal, "track 4711");
    }

    [Fact]
    public void Series_CountsFromStartToStart()
    {
        _duringDump = _ => _line.Time.Advance(TimeSpan.FromSeconds(4));

        _line.Run("dump", "md", "--every", "10s", "--count", "3");

        Assert.Equal([0, 10, 20], _starts.Select(start => start.TotalSeconds));
    }

    [Fact]
    public void Series_WhoseDumpTakesLongerThanTheInterval_GoesOnAtOnceAndMakesUpForNothing()
    {
        _duringDump = number => _line.Time.Advance(TimeSpan.FromSeconds(number == 2 ? 35 : 1));

        _line.Run("dump", "md", "--every", "10s", "--count", "4");

        Assert.Equal([0, 10, 45, 55], _starts.Select(start => start.TotalSeconds));
    }

    [Fact]
    public void Series_WithoutInterval_IsBackToBack()
    {
        CommandResult result = _line.Run("dump", "md", "--count", "3");

        Assert.Equal(0, result.Code);
        Assert.Equal([0, 0, 0], _starts.Select(start => start.TotalSeconds));
        Assert.Equal(3, _line.Store.Generations("md").Count);
    }

    [Fact]
    public void Series_OfJobThatEndsBetweenTwoDumps_EndsSoonAndWell()
    {
        _line.Time.DuringWait = elapsed =>
        {
            if (elapsed >= TimeSpan.FromSeconds(23))
            {
                _line.Engine.Alive.Clear();
            }
        };

        CommandResult result = _line.Run("dump", "md", "--every", "1h");

        Assert.Equal(0, result.Code);
        Assert.EndsWith("job md has ended; 1 generation(s) were taken\n", result.Out, StringComparison.Ordinal);
        Assert.InRange(_line.Time.Elapsed.TotalSeconds, 23, 25);
    }

    [Fact]
    public void Series_OfJobThatEndsInTheMiddleOfADump_EndsWell()
    {
        _duringDump = number =>
        {
            if (number == 2)
            {
                _line.Engine.Alive.Clear();
                throw new EngineException(EngineFailure.Failed, "thread 4712 is gone");
            }
        };

        CommandResult result = _line.Run("dump", "md", "--every", "10s");

        Assert.Equal(0, result.Code);
        Assert.Empty(result.Error);
        Assert.Single(_line.Store.Generations("md"));
    }

    [Fact]
    public void Series_WhosePidChangesHands_CommitsNothingOfTheStranger()
    {
        _duringDump = number =>
        {
            if (number == 2)
            {
                _line.Engine.Start(4711, startTicks: 200);
            }
        };

        CommandResult result = _line.Run("dump", "md", "--every", "10s");

        Assert.Equal(0, result.Code);
        Assert.Single(_line.Store.Generations("md"));
    }

    [Fact]
    public void Series_WithFullDisk_TellsAndGoesOnFromTheLastCommittedBase()
    {
        _duringDump = number => _line.Store.CommitFailure =
            number == 2 ? new StoreException(StoreFailure.Full, "no space left on /store", "free some") : null;

        CommandResult result = _line.Run("dump", "md", "--every", "10s", "--count", "3");

        Assert.Equal(Warnings, result.Code);
        Assert.Equal(["begin md", "begin md on md/1", "begin md on md/1"], Begins());
        Assert.Equal(
            "no space left on /store\nhint: free some\nwarning: 1 dump(s) of job md failed; 2 generation(s) were taken\n", result.Error);
        Assert.Equal(2, _line.Journal.Count(entry => entry == "committed"));
        Assert.Single(_line.Journal, "untrack");
    }

    [Fact]
    public void Series_WithFailureThatPasses_WritesItAsAnObjectToo()
    {
        _duringDump = number => ThrowAt(number, 1, new EngineException(EngineFailure.TimedOut, "thread 4712 did not stop in 10 s"));

        CommandResult result = _line.Run("dump", "md", "--every", "10s", "--count", "2", "--json");

        string[] lines = result.Out.TrimEnd().Split('\n');
        Assert.Equal(Warnings, result.Code);
        Assert.Contains("\"exit_code\":75", lines[0], StringComparison.Ordinal);
        Assert.Contains("\"generation\":\"md/1\"", lines[1], StringComparison.Ordinal);
        Assert.Empty(result.Error);
    }

    [Fact]
    public void Series_OfWhichAllFail_EndsWithTheirCode()
    {
        _line.Store.BeginFailure = new StoreException(StoreFailure.Locked, "job md is being dumped by PID 99");

        Assert.Equal(11, _line.Run("dump", "md", "--every", "10s", "--count", "2").Code);
    }

    [Fact]
    public void Series_OfJobThatGetsStateThatIsNotCarried_EndsAtOnceWithItsCode()
    {
        _duringDump = _ => _line.Engine.Findings.Add(new Finding(4711, "gpu", "It uses a GPU.", FindingSeverity.Refusal));

        CommandResult result = _line.Run("dump", "md", "--every", "10s");

        Assert.Equal(5, result.Code);
        Assert.Contains("It uses a GPU.", result.Error, StringComparison.Ordinal);
        Assert.Single(_line.Store.Generations("md"));
    }

    [Fact]
    public void Series_WithDefect_EndsAtOnce()
    {
        _duringDump = number => ThrowAt(number, 2, new InvalidOperationException("broken invariant"));

        Assert.Equal(1, _line.Run("dump", "md", "--every", "10s").Code);
        Assert.Equal(2, _starts.Count);
    }

    [Fact]
    public void Series_CancelledWhileItWaits_EndsAtOnceWithWhatItHas()
    {
        using var cancellation = new CancellationTokenSource();
        _line.Time.DuringWait = _ => cancellation.Cancel();

        CommandResult result = _line.Run(cancellation.Token, "dump", "md", "--every", "10s");

        Assert.Equal(Cancelled, result.Code);
        Assert.Single(_line.Store.Generations("md"));
        Assert.Equal("untrack", _line.Journal[^1]);
    }

    [Fact]
    public void Series_CancelledInTheMiddleOfADump_LeavesNoHalfGeneration()
    {
        using var cancellation = new CancellationTokenSource();
        _duringDump = number =>
        {
            if (number == 3)
            {
                cancellation.Cancel();
            }
        };

        CommandResult result = _line.Run(cancellation.Token, "dump", "md", "--every", "10s");

        Assert.Equal(Cancelled, result.Code);
        Assert.Equal(2, _line.Store.Generations("md").Count);
        Assert.Equal(["close", "untrack"], _line.Journal.TakeLast(2));
    }

    [Fact]
    public void Series_WhoseBaseWasForgotten_TakesAFullGeneration()
    {
        _line.Time.DuringWait = _ => _line.Store.Forget(new GenerationName("md", 1));

        CommandResult result = _line.Run("dump", "md", "--every", "1s", "--count", "2", "--json");

        Assert.Equal(0, result.Code);
        Assert.Equal(["full", "full"], Fields(result, "kind"));
        Assert.Equal(["begin md", "begin md on md/1", "begin md"], Begins());
    }

    [Fact]
    public void Series_BesideAnotherDumper_StaysOnItsOwnBase()
    {
        _line.Time.DuringWait = _ => _line.Store.AddGeneration("md");

        CommandResult result = _line.Run("dump", "md", "--every", "1s", "--count", "2", "--json");

        Assert.Equal(["md/1", "md/3"], Fields(result, "generation"));
        Assert.Equal(["begin md", "begin md on md/1"], Begins());
    }

    [Fact]
    public void Series_WithStop_KillsAfterTheLastGeneration()
    {
        CommandResult result = _line.Run("dump", "md", "--every", "10s", "--count", "2", "--stop");

        Assert.Equal(0, result.Code);
        Assert.Single(_line.Journal, "kill 4711");
        Assert.True(_line.Journal.IndexOf("kill 4711") > _line.Journal.LastIndexOf("committed"));
    }

    [Fact]
    public void Series_WithStopWhoseLastDumpFails_DoesNotKill()
    {
        _duringDump = number => ThrowAt(number, 2, new EngineException(EngineFailure.TimedOut, "thread 4712 did not stop in 10 s"));

        CommandResult result = _line.Run("dump", "md", "--every", "10s", "--count", "2", "--stop");

        Assert.Equal(75, result.Code);
        Assert.DoesNotContain("kill 4711", _line.Journal);
    }

    [Fact]
    public void Generation_ThatIsIncremental_SaysWhatWasDirty()
    {
        string[] lines = _line.Run("dump", "md", "--every", "10s", "--count", "2").Out.TrimEnd().Split('\n');

        Assert.Equal(
            "md/2: incremental, 220 MiB of memory, 3 MiB dirty, 1000 B new in the store, frozen 1.23 ms, done in 567 ms", lines[1]);
    }

    private static void ThrowAt(int number, int at, Exception failure)
    {
        if (number == at)
        {
            throw failure;
        }
    }

    private static IEnumerable<string?> Fields(CommandResult result, string field)
        => result.Out.TrimEnd().Split('\n').Select(line => JsonDocument.Parse(line).RootElement.GetProperty(field).GetString());

    private IEnumerable<string> Begins() => _line.Journal.Where(entry => entry.StartsWith("begin", StringComparison.Ordinal));
}
