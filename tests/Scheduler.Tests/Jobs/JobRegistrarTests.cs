using Checkpointer.Engine;
using Checkpointer.Scheduler.Tests.Fakes;

namespace Checkpointer.Scheduler.Tests.Jobs;

public sealed class JobRegistrarTests
{
    private readonly CommandLine _line = new();

    public JobRegistrarTests() => _line.Engine.Start(4711);

    [Fact]
    public void Register_WithoutStore_MakesIt()
    {
        _line.HasStore = false;

        CommandResult result = _line.Run("register", "md", "--pid", "4711");

        Assert.Equal(0, result.Code);
        Assert.True(_line.HasStore);
        Assert.Equal(100UL, _line.Store.Job("md").StartTicks);
        Assert.Equal(FakeEngine.Boot, _line.Store.Job("md").BootId);
    }

    [Fact]
    public void Register_OfMissingProcess_MakesNoStore()
    {
        _line.HasStore = false;

        CommandResult result = _line.Run("register", "md", "--pid", "9999");

        Assert.Equal(1, result.Code);
        Assert.False(_line.HasStore);
    }

    [Fact]
    public void Register_WithRefusals_RegistersWithWarning()
    {
        _line.Engine.Findings.Add(new Finding(4711, "socket", "It has a TCP connection.", FindingSeverity.Refusal));

        CommandResult result = _line.Run("register", "md", "--pid", "4711");

        Assert.Equal(3, result.Code);
        Assert.True(_line.Store.Job("md").IsRegistered);
        Assert.Contains("It has a TCP connection.", result.Out, StringComparison.Ordinal);
        Assert.Contains("warning: job md has state that is not carried", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Register_OfSameProcessUnderAnotherName_IsRefused()
    {
        _line.Run("register", "md", "--pid", "4711");

        CommandResult result = _line.Run("register", "twin", "--pid", "4711");

        Assert.Equal(1, result.Code);
        Assert.Contains("process 4711 is registered already, as job md", result.Error, StringComparison.Ordinal);
        Assert.Single(_line.Store.Jobs());
    }

    [Fact]
    public void Register_OfTakenName_Fails()
    {
        _line.Engine.Start(500);
        _line.Run("register", "md", "--pid", "4711");

        Assert.Equal(1, _line.Run("register", "md", "--pid", "500").Code);
    }

    [Fact]
    public void Unregister_KeepsGenerations()
    {
        _line.Store.AddJob("md");
        _line.Store.AddGeneration("md");

        CommandResult result = _line.Run("unregister", "md");

        Assert.Equal(0, result.Code);
        Assert.False(_line.Store.Job("md").IsRegistered);
        Assert.Contains("1 generation(s) stay", result.Out, StringComparison.Ordinal);
    }
}
