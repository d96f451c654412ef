using Checkpointer.Engine.Support;
using Xunit;

namespace Checkpointer.Engine.Tests;

/// <summary>Triggers of the kernel's pressure stall information.</summary>
public sealed class PressureWatcherTests
{
    [Fact]
    public void FileOfAProcess_IsThatOfItsCgroupOrTheHost()
    {
        var file = PressureWatcher.FileOf(new ProcessId(Environment.ProcessId));

        Assert.EndsWith(file == PressureWatcher.HostFile ? "/memory" : "/memory.pressure", file, StringComparison.Ordinal);
    }

    /// <summary>The kernel says whether it took a trigger when it is written; a file that has none is refused.</summary>
    [Fact]
    public void Watch_OfAFileThatIsNone_IsAFailureThatNamesIt()
    {
        using var watcher = new PressureWatcher();
        if (PressureWatcher.IsSupported)
        {
            watcher.Watch("md", PressureWatcher.HostFile, () => { });
            watcher.Watch("md", PressureWatcher.HostFile, () => { });
            watcher.Forget("md");
        }

        var failure = Assert.ThrowsAny<EngineException>(() => watcher.Watch("md", "/nowhere/memory.pressure", () => { }));

        Assert.Contains("/nowhere", failure.Message, StringComparison.Ordinal);
    }
}
