using Checkpointer.Engine;
using Checkpointer.Scheduler.Tests.Fakes;
using Checkpointer.Scheduler.Upkeep;
using Checkpointer.Store;

namespace Checkpointer.Scheduler.Tests.Recovery;

/// <summary>Which generation is rehearsed, what comes of it, and what is remembered.</summary>
public sealed class RehearserTests : IDisposable
{
    private readonly CommandLine _line = new();
    private readonly TemporaryDirectory _place = new();

    public RehearserTests()
    {
        _line.Store.Directory = _place.Path;
        _line.Store.AddJob("md");
        _line.Store.AddGeneration("md");
        _line.Store.AddGeneration("md");
    }

    public void Dispose() => _place.Dispose();

    [Fact]
    public void NewestGeneration_IsVerifiedThenRehearsed_AndThatIsRemembered()
    {
        _line.Engine.Start(4711);

        CommandResult result = _line.Run("rehearse", "md");

        Assert.Equal(0, result.Code);
        Assert.Equal(["verify md/2", "rehearse md/2"], _line.Journal);
        Assert.StartsWith("job md would come back from md/2, proven in ", result.Out, StringComparison.Ordinal);
        Assert.Equal(("rehearsed", 2L), (_line.Store.Happened.Single().Kind, _line.Store.Happened.Single().Generation!.Value));
        Assert.Contains("proven 2026-01-02", _line.Run("status").Out, StringComparison.Ordinal);
        Assert.Equal(2, new ServiceMemory(_place.Path, (_, _) => { }).Rehearsal("md")!.Generation);
    }

    [Fact]
    public void JobThatDoesNotRun_HasItsFilesComparedToo()
    {
        Assert.Equal(0, _line.Run("rehearse", "--all").Code);

        Assert.Equal(["verify md/2", "plan md/2 as md-2", "rehearse md/2"], _line.Journal);
    }

    [Fact]
    public void DamagedGeneration_IsPassedOver()
    {
        _line.Store.Spoil(new GenerationName("md", 2));

        CommandResult result = _line.Run("rehearse", "md");

        Assert.Equal(3, result.Code);
        Assert.Equal("rehearse md/1", _line.Journal[^1]);
        Assert.Contains("generation md/2 is damaged", result.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("a difference", null, null, "failed", 1)]
    [InlineData(null, "a network socket would be bound", null, "checked", 3)]
    [InlineData(null, null, EngineFailure.TimedOut, "checked", 3)]
    [InlineData(null, null, EngineFailure.WorldChanged, "failed", 1)]
    [InlineData(null, null, EngineFailure.BadImage, "failed", 12)]
    public void WhatComesOfIt_IsAWordAndACode(string? difference, string? obstacle, EngineFailure? failure, string word, int code)
    {
        _line.Engine.Rehearsed = () => failure is { } reason
            ? throw new EngineException(reason, "so it is")
            : new RehearsalReport(2, 5, 7, 1 << 20, difference is null ? [] : [difference], obstacle is null ? [] : [obstacle], []);

        CommandResult result = _line.Run("rehearse", "md", "--json");

        Assert.Equal(code, result.Code);
        Assert.Contains($"\"rehearsal\":\"{word}\",\"generation\":\"md/2\"", result.Out, StringComparison.Ordinal);
        Assert.Equal(word == "failed" ? "rehearsal_failed" : "rehearsed", _line.Store.Happened.Single().Kind);
        Assert.Contains(difference ?? obstacle ?? "so it is", result.Out, StringComparison.Ordinal);
    }

    [Fact]
    public void JobWithoutAGeneration_HasNothing()
    {
        _line.Store.AddJob("new", 4712);

        Assert.Equal(4, _line.Run("rehearse", "new").Code);
        Assert.Equal(3, _line.Run("rehearse", "--all").Code);
        Assert.Equal(2, _line.Run("rehearse").Code);
        Assert.Equal(2, _line.Run("rehearse", "md", "--all").Code);
    }
}
