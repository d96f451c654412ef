using Checkpointer.Engine.Proc;
using Checkpointer.Engine.Support;
using Xunit;

namespace Checkpointer.Engine.Tests.Host;

[Trait("kind", "unit")]
public sealed class ProcessWatcherTests : IDisposable
{
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(30);
    private readonly ProcessWatcher _watcher = new();

    public void Dispose() => _watcher.Dispose();

    [Theory]
    [InlineData("exit 0", 0, null)]
    [InlineData("exit 7", 7, null)]
    [InlineData("kill -TERM $$", null, 15)]
    public void EndOfAChild_IsToldAndCollected(string script, int? code, int? signal)
    {
        using var ended = WaitForEnd(Start(script));

        Assert.Equal(new ProcessEnd(code, signal), ended.Collect(_patience));
        Assert.Null(ProcFs.TryStat(ended.Identity.Pid));
    }

    [Theory]
    [InlineData(false, "exit 5", 5, null)]
    [InlineData(true, "exit 5", 5, null)]
    [InlineData(true, "kill -TERM $$", null, 15)]
    public void EndOfAStranger_IsToldWhereTheKernelCan(bool usesEvents, string script, int? code, int? signal)
    {
        using var watcher = new ProcessWatcher(usesEvents);
        var fifo = Path.Combine(Path.GetTempPath(), Guid.NewGuid().ToString("N"));
        var shell = Start($"mkfifo {fifo}; sh -c 'read line < {fifo}; {script}'; rm {fifo}");
        ProcessIdentity? child = null;
        Assert.True(SpinWait.SpinUntil(() => (child = ReaderOf(shell)) is not null, _patience), "the child does not come");
        EndedProcess? ended = null;
        using var told = new ManualResetEventSlim();
        watcher.Watch(child!, process =>
        {
            ended = process;
            told.Set();
        });

        File.WriteAllText(fifo, "\n");

        Assert.True(told.Wait(_patience), "the end is not told");
        var tells = usesEvents ? watcher.HasEvents : Environment.OSVersion.Version >= new Version(6, 15);
        Assert.Equal(tells ? new ProcessEnd(code, signal) : ProcessEnd.Unknown, ended!.Collect(_patience));
        ended.Dispose();
        using var shellEnd = WaitForEnd(shell);
        Assert.Equal(new ProcessEnd(0, null), shellEnd.Collect(_patience));
    }

    [Fact]
    public void ProcessThatIsGone_IsToldAtOnce()
    {
        var identity = Start("exit 3");
        WaitForEnd(identity).Collect(_patience);

        using var ended = WaitForEnd(identity);

        Assert.Equal(ProcessEnd.Unknown, ended.Collect(TimeSpan.Zero));
    }

    [Fact]
    public void ForgottenProcess_IsNotTold()
    {
        var isTold = false;
        var forgotten = Start("read line < /dev/tty; sleep 60");
        _watcher.Watch(forgotten, _ => isTold = true);
        _watcher.Forget(forgotten);

        Assert.True(ProcessLauncher.TrySignal(forgotten, 9) || ProcFs.IdentityOf(forgotten.Pid) is null);
        WaitForEnd(forgotten).Collect(_patience);

        Assert.False(isTold);
        Assert.False(ProcessLauncher.TrySignal(forgotten, 9));
    }

    private static ProcessIdentity? ReaderOf(ProcessIdentity shell)
        => (ProcFs.TryChildren(shell.Pid.Leader) ?? []).Where(child => ProcFs.TryCommandLine(child)?.StartsWith("sh -c read", StringComparison.Ordinal) == true)
            .Select(ProcFs.IdentityOf).FirstOrDefault(child => child is not null);

    private static ProcessIdentity Start(string script)
        => ProcessLauncher.Start(new LaunchRequest("sh", ["-c", script]) { OutputPath = "/dev/null", Directory = "/" });

    private EndedProcess WaitForEnd(ProcessIdentity identity)
    {
        EndedProcess? ended = null;
        using var told = new ManualResetEventSlim();
        _watcher.Watch(identity, process =>
        {
            ended = process;
            told.Set();
        });
        Assert.True(told.Wait(_patience), "the end is not told");
        return ended!;
    }
}
