using Checkpointer.EndToEnd.Tests.Support;
using Checkpointer.Engine.Proc;
using Checkpointer.Engine.Restore;
using Checkpointer.Engine.Support;
using Checkpointer.Engine.Tests.Support;
using Xunit;

namespace Checkpointer.Engine.Tests.Restore;

/// <summary>IDs that the job needs are free, become free, or their holder is named.</summary>
[Trait("kind", "kernel")]
public sealed class PidAvailabilityTests : IDisposable
{
    private readonly Scratch _scratch = new();

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public void Require_OfFreeIds_Returns()
    {
        Assert.Null(Record.Exception(() => PidAvailability.Require([int.MaxValue, int.MaxValue - 1], TimeSpan.Zero)));
    }

    [Fact]
    public void Require_OfOurOwnPid_NamesUsWithoutWaiting()
    {
        var status = ProcFs.Status(new ProcessId(Environment.ProcessId));

        var failure = Assert.Throws<EngineException>(() => PidAvailability.Require([Environment.ProcessId], TimeSpan.MaxValue));

        Assert.Equal(EngineFailure.PidTaken, failure.Reason);
        Assert.StartsWith(
            $"PID {Environment.ProcessId} is needed by the job, but it is taken by process {Environment.ProcessId} ({status.Name}: ",
            failure.Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void Require_OfAThread_NamesItsProcess()
    {
        var thread = ProcFs.Threads(new ProcessId(Environment.ProcessId)).First(thread => thread.Value != Environment.ProcessId);

        var failure = Assert.Throws<EngineException>(() => PidAvailability.Require([thread.Value], TimeSpan.MaxValue));

        Assert.Contains($"taken by a thread of process {Environment.ProcessId}, {thread} (", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Require_OfAZombieOfOurs_WaitsForIt()
    {
        var pid = Zombie();
        Assert.Null(ProcFs.TryMounts(new ProcessId(pid)));

        PidAvailability.Require([pid], Wait.Patience);

        Assert.False(Directory.Exists($"/proc/{pid}"));
    }

    [Fact]
    public void Require_OfAZombieOfAnother_NamesItsParent()
    {
        // The shell starts a child that ends, and becomes a program that never waits.
        var parent = Command.Start(_scratch, "sh", "-c", "sh -c 'exit 0' & exec sleep 1000");
        try
        {
            var zombie = 0;
            Wait.Until(
                () => (zombie = ZombieOf(parent)) != 0 && ProcFs.TryStat(new ProcessId(parent))?.Comm == "sleep",
                Wait.Patience,
                () => $"no ended child of {parent}");

            var failure = Assert.Throws<EngineException>(() => PidAvailability.Require([zombie], TimeSpan.FromMilliseconds(50)));

            Assert.Equal(EngineFailure.PidUnreaped, failure.Reason);
            Assert.Contains($"the ended process {zombie} (sh), which its parent {parent} has not waited for", failure.Message, StringComparison.Ordinal);
        }
        finally
        {
            Command.End(parent);
        }
    }

    private int Zombie()
    {
        var pid = Command.Start(_scratch, "true");
        Wait.Until(() => ProcFs.TryStat(new ProcessId(pid))?.State == 'Z', Wait.Patience, () => $"process {pid} does not end");
        return pid;
    }

    private static int ZombieOf(int parent) => ProcFs.TryChildren(new ThreadId(parent))?
        .FirstOrDefault(child => ProcFs.TryStat(child)?.State == 'Z').Value ?? 0;
}
