using Checkpointer.Scheduler.Tests.Fakes;
using Checkpointer.Store;

namespace Checkpointer.Scheduler.Tests.Cli;

public sealed class ForgetVerbTests
{
    private readonly CommandLine _line = new();

    public ForgetVerbTests()
    {
        _line.Store.AddJob("md");
        for (int i = 0; i < 4; i++)
        {
            _line.Store.AddGeneration("md");
        }
    }

    [Fact]
    public void DryRun_RemovesNothing()
    {
        CommandResult result = _line.Run("forget", "md", "--keep-last", "1", "--dry-run");

        Assert.Equal(0, result.Code);
        Assert.Contains("3 generation(s) would be removed, 1 stay", result.Out, StringComparison.Ordinal);
        Assert.Equal(4, _line.Store.Generations("md").Count);
        Assert.Empty(_line.Journal);
    }

    [Fact]
    public void WithoutRules_RemovesNothing()
    {
        CommandResult result = _line.Run("forget", "md");

        Assert.Equal(0, result.Code);
        Assert.Contains("no rule was given: nothing is removed", result.Out, StringComparison.Ordinal);
        Assert.Empty(_line.Journal);
    }

    [Fact]
    public void Rules_RemoveTheOthers()
    {
        _line.Store.Pin(new GenerationName("md", 1), "");

        Assert.Equal(0, _line.Run("forget", "md", "--keep-last", "2").Code);

        Assert.Equal([1L, 3L, 4L], _line.Store.Generations("md").Select(record => record.Name.Number));
    }

    [Fact]
    public void Named_IsRemoved()
    {
        Assert.Equal(0, _line.Run("forget", "md/2").Code);
        Assert.Equal(["forget md/2"], _line.Journal);
    }

    [Theory]
    [InlineData("md/4", "md/4 is not removed: it is the newest good one of a job that is not finished")]
    [InlineData("md/1", "md/1 is not removed: it is pinned")]
    [InlineData("md/9", "there is no generation md/9")]
    public void Named_ThatIsProtectedOrAbsent_IsRefused(string generation, string sentence)
    {
        _line.Store.Pin(new GenerationName("md", 1), "");

        CommandResult result = _line.Run("forget", generation);

        Assert.Equal(1, result.Code);
        Assert.StartsWith(sentence, result.Error, StringComparison.Ordinal);
        Assert.Empty(_line.Journal);
    }

    [Fact]
    public void NewestGood_IsNotTheNewest_WhereThatIsDamaged()
    {
        _line.Store.Change(new GenerationName("md", 4), record => record with { IsDamaged = true });

        Assert.Equal(0, _line.Run("forget", "md/4").Code);
        Assert.Equal(1, _line.Run("forget", "md/3").Code);
    }
}
