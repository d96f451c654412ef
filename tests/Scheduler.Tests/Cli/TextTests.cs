using Checkpointer.Engine;
using Checkpointer.Scheduler.Tests.Fakes;
using Checkpointer.Store;

namespace Checkpointer.Scheduler.Tests.Cli;

/// <summary>What people read.</summary>
public sealed class TextTests
{
    private readonly CommandLine _line = new();

    public TextTests()
    {
        _line.Engine.Start(4711);
        _line.Store.AddJob("md");
    }

    [Fact]
    public void Dump_SaysWhatItCost()
        => Assert.Equal(
            "md/1: full, 220 MiB of memory, 1000 B new in the store, frozen 1.23 ms, done in 567 ms\n", _line.Run("dump", "md").Out);

    [Fact]
    public void Jobs_PipedTable_IsOneLinePerJob()
    {
        _line.Store.AddGeneration("md");

        Assert.Equal(
            """
            JOB  STATE     PID  GENERATIONS  LATEST  TAKEN AT             SCHEDULE  COMMAND
            md   running  4711            1  md/1    2026-01-02 03:04:05  -         lmp -in melt.lmp

            """,
            _line.Run("jobs").Out);
    }

    [Fact]
    public void Jobs_OfEmptyStore_SaysHowToAddOne()
    {
        var empty = new CommandLine();

        Assert.Equal("no jobs in /store; `checkpointer register NAME --pid P` adds one\n", empty.Run("jobs").Out);
    }

    [Fact]
    public void Generations_IsOneLinePerGeneration()
    {
        _line.Store.AddGeneration("md");
        _line.Store.AddGeneration("md");

        string[] lines = _line.Run("generations", "md").Out.TrimEnd().Split('\n');

        Assert.Equal(3, lines.Length);
        Assert.Equal("md/2        2026-01-02 03:04:05  full  1.23 ms  567 ms  220 MiB  210 MiB  1000 B", lines[2]);
    }

    [Fact]
    public void Tables_OnATerminal_HaveStyledHeadings()
    {
        _line.IsTerminal = true;

        Assert.Contains("\u001b[1m", _line.Run("jobs").Out, StringComparison.Ordinal);
    }

    [Fact]
    public void Tables_WithEscapeInACell_DoNotDriveTheTerminal()
    {
        _line.Store.Damages.Add(new Damage("pack", "\u001b]0;owned\u0007\nline", []));

        CommandResult result = _line.Run("verify");

        Assert.DoesNotContain('\u001b', result.Out);
        Assert.Contains(@"\x1b]0;owned\x07\x0aline", result.Out, StringComparison.Ordinal);
    }

    [Fact]
    public void Verify_OfGoodStore_SaysSo()
    {
        CommandResult result = _line.Run("verify", "--all");

        Assert.Equal(0, result.Code);
        Assert.EndsWith("all good\n", result.Out, StringComparison.Ordinal);
    }

    [Fact]
    public void Verify_OfOneGeneration_AsksForThatOne()
    {
        _line.Store.AddGeneration("md");
        GenerationName second = _line.Store.AddGeneration("md");
        _line.Store.Spoil(second);

        CommandResult result = _line.Run("verify", "md/latest");

        Assert.Equal(12, result.Code);
        Assert.Equal(["verify md/2"], _line.Journal);
        Assert.EndsWith("spoiled: md/2\n", result.Out, StringComparison.Ordinal);
    }

    [Fact]
    public void Show_NamesProcessesImagesAndContents()
    {
        _line.Store.AddGeneration("md");

        string text = _line.Run("show", "md/1").Out;

        Assert.Contains("processes         2 (PID 4711, 4712)", text, StringComparison.Ordinal);
        Assert.Contains("inventory     100 B", text, StringComparison.Ordinal);
        Assert.Contains("memory/4711", text, StringComparison.Ordinal);
    }

    [Fact]
    public void Stats_ShowsRatios()
    {
        string text = _line.Run("stats").Out;

        Assert.Contains("220 MiB, 2.00x less by deduplication", text, StringComparison.Ordinal);
        Assert.Contains("100 MiB, 2.20x less by compression", text, StringComparison.Ordinal);
    }

    [Fact]
    public void Check_OfRefusedJob_ListsAndExitsWithItsCode()
    {
        _line.Engine.Findings.Add(new Finding(4711, "gpu", "It uses a GPU.", FindingSeverity.Refusal));

        CommandResult result = _line.Run("check", "--pid", "4711");

        Assert.Equal(5, result.Code);
        Assert.Contains("4711  refusal   gpu       It uses a GPU.", result.Out, StringComparison.Ordinal);
        Assert.EndsWith("A dump would be refused.\n", result.Out, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(CapabilityState.Works, 0)]
    [InlineData(CapabilityState.Degraded, 3)]
    [InlineData(CapabilityState.Missing, 1)]
    public void Doctor_ExitsByTheWorstCapability(CapabilityState state, int code)
    {
        using var place = new TemporaryDirectory();
        _line.StoreDirectory = Path.Combine(place.Path, "not", "yet");
        _line.HasStore = false;
        _line.Engine.Capabilities.Add(new HostCapability("userfaultfd", state, "tried", "sysctl vm.unprivileged_userfaultfd=1"));

        CommandResult result = _line.Run("doctor");

        Assert.Equal(code, result.Code);
        Assert.Contains("is no store yet; `register` makes it", result.Out, StringComparison.Ordinal);
        Assert.Contains($"a file was made in {place.Path}", result.Out, StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFileSystemEntries(place.Path));
    }
}
