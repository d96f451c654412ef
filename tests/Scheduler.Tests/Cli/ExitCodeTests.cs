using Checkpointer.Engine;
using Checkpointer.Scheduler.Cli;
using Checkpointer.Store;

namespace Checkpointer.Scheduler.Tests.Cli;

public sealed class ExitCodeTests
{
    [Theory]
    [InlineData(EngineFailure.Failed, 1)]
    [InlineData(EngineFailure.NoSuchProcess, 1)]
    [InlineData(EngineFailure.NotAJob, 1)]
    [InlineData(EngineFailure.NotPermitted, 1)]
    [InlineData(EngineFailure.Refused, 5)]
    [InlineData(EngineFailure.PidTaken, 1)]
    [InlineData(EngineFailure.PidUnreaped, 75)]
    [InlineData(EngineFailure.WorldChanged, 1)]
    [InlineData(EngineFailure.BadImage, 12)]
    [InlineData(EngineFailure.TimedOut, 75)]
    [InlineData(EngineFailure.FileBusy, 75)]
    public void From_EngineFailure_IsItsCode(EngineFailure reason, int code)
        => Assert.Equal(code, ExitCode.From(new EngineException(reason, "")));

    [Theory]
    [InlineData(StoreFailure.Failed, 1)]
    [InlineData(StoreFailure.NoStore, 10)]
    [InlineData(StoreFailure.Locked, 11)]
    [InlineData(StoreFailure.Corrupt, 12)]
    [InlineData(StoreFailure.UnsupportedVersion, 13)]
    [InlineData(StoreFailure.NoKey, 14)]
    [InlineData(StoreFailure.Full, 1)]
    [InlineData(StoreFailure.NotPermitted, 1)]
    [InlineData(StoreFailure.NotFound, 1)]
    [InlineData(StoreFailure.AlreadyExists, 1)]
    public void From_StoreFailure_IsItsCode(StoreFailure reason, int code)
        => Assert.Equal(code, ExitCode.From(new StoreException(reason, "")));

    [Theory]
    [InlineData(SchedulerFailure.Failed, 1)]
    [InlineData(SchedulerFailure.BadConfiguration, 1)]
    [InlineData(SchedulerFailure.NotRunning, 1)]
    [InlineData(SchedulerFailure.Running, 1)]
    [InlineData(SchedulerFailure.NothingToRestore, 4)]
    [InlineData(SchedulerFailure.Damaged, 12)]
    public void From_SchedulerFailure_IsItsCode(SchedulerFailure reason, int code)
        => Assert.Equal(code, ExitCode.From(new SchedulerException(reason, "")));

    [Fact]
    public void From_EveryReason_IsInATableAbove()
    {
        Assert.Equal(11, Enum.GetValues<EngineFailure>().Length);
        Assert.Equal(10, Enum.GetValues<StoreFailure>().Length);
        Assert.Equal(6, Enum.GetValues<SchedulerFailure>().Length);
    }

    [Fact]
    public void From_AnythingElse_IsFailedAndCancellationIsCancelled()
    {
        Assert.Equal(130, ExitCode.From(new OperationCanceledException()));
        Assert.Equal(130, ExitCode.From(new TaskCanceledException()));
        Assert.Equal(1, ExitCode.From(new IOException("disk")));
        Assert.Equal(1, ExitCode.From(new InvalidOperationException("bug")));
        Assert.Equal(5, ExitCode.From(new UnsupportedResourceException([])));
    }
}
