using Checkpointer.Engine.Proc;
using Checkpointer.Engine.Support;
using Xunit;

namespace Checkpointer.Engine.Tests.Proc;

/// <summary>Where a process whose main thread has exited is looked at: what that has given up is asked of another thread.</summary>
[Trait("kind", "unit")]
public sealed class StandInTests : IDisposable
{
    // Above the highest PID that Linux gives.
    private static readonly ProcessId _process = new(5_000_000);
    private static readonly ThreadId _thread = new(5_000_001);

    [Fact]
    public void PathOf_OfAProcessWithoutMainThread_IsThatOfTheStandIn()
    {
        StandIns.Set(_process, _thread);

        Assert.Equal("/proc/5000001/maps", ProcFs.PathOf(_process, "maps"));
        Assert.Equal("/proc/5000001/fd/3", ProcFs.PathOf(_process, "fd/3"));
        Assert.Equal("/proc/5000000/stat", ProcFs.PathOf(_process, "stat"));
    }

    [Fact]
    public void PathOf_OfAnOrdinaryProcess_IsItsOwn()
    {
        StandIns.Set(_process, _thread);
        StandIns.Set(_process, null);

        Assert.Equal("/proc/5000000/maps", ProcFs.PathOf(_process, "maps"));
    }

    public void Dispose() => StandIns.Set(_process, null);
}
