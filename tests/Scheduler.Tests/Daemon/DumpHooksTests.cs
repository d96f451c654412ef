using Checkpointer.Engine.Support;
using Checkpointer.Scheduler.Composition;
using Checkpointer.Scheduler.Daemon;
using Checkpointer.Scheduler.Policies;
using Checkpointer.Store;
using Microsoft.Extensions.Logging.Abstractions;

namespace Checkpointer.Scheduler.Tests.Daemon;

public sealed class DumpHooksTests : IDisposable
{
    private static readonly ProcessIdentity _root = new(new ProcessId(4711), 100, "boot");

    private readonly TemporaryDirectory _place = new();
    private readonly LocalCommands _commands = new(TimeProvider.System);
    private readonly DumpHooks _hooks;
    private readonly string _told;

    public DumpHooksTests()
    {
        _hooks = new DumpHooks(_commands, NullLogger.Instance);
        _told = Path.Combine(_place.Path, "told");
    }

    public void Dispose()
    {
        _commands.Dispose();
        _place.Dispose();
    }

    [Fact]
    public async Task Before_IsToldOfTheJob()
    {
        await _hooks.BeforeAsync("md", _root, new HookRules { Before = Shell($"echo $CHECKPOINTER_HOOK $CHECKPOINTER_JOB $CHECKPOINTER_PID > {_told}") });

        Assert.Equal("before md 4711\n", await File.ReadAllTextAsync(_told));
    }

    [Theory]
    [InlineData("exit 2", "ended with exit code 2")]
    [InlineData("kill -9 $$", "signal 9 ended /bin/sh")]
    [InlineData("sleep 100", "took longer than 200ms and was killed")]
    public async Task Before_ThatFails_IsAFailureOfTheDump(string script, string expected)
    {
        SchedulerException failure = await Assert.ThrowsAsync<SchedulerException>(
            () => _hooks.BeforeAsync("md", _root, new HookRules { Before = Shell(script), TimeLimit = script.StartsWith("sleep", StringComparison.Ordinal) ? TimeSpan.FromMilliseconds(200) : null }));

        Assert.Contains(expected, failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Before_ThatCannotBeStarted_IsAFailureOfTheDump()
        => await Assert.ThrowsAsync<SchedulerException>(() => _hooks.BeforeAsync("md", _root, new HookRules { Before = ["/does/not/exist"] }));

    [Fact]
    public async Task Before_WhereNothingRunsHooks_IsNotPassedOver()
        => await Assert.ThrowsAsync<SchedulerException>(() => new DumpHooks(null, NullLogger.Instance).BeforeAsync("md", _root, new HookRules { Before = ["/bin/true"] }));

    [Fact]
    public async Task After_IsToldHowItWent_AndItsFailureChangesNothing()
    {
        var rules = new HookRules { After = Shell($"echo $CHECKPOINTER_HOOK $CHECKPOINTER_OUTCOME $CHECKPOINTER_GENERATION >> {_told}; exit 1") };

        await _hooks.AfterAsync("md", _root, rules, new GenerationName("md", 7));
        await _hooks.AfterAsync("md", _root, rules, null);

        Assert.Equal("after ok md/7\nafter failed\n", await File.ReadAllTextAsync(_told));
    }

    [Fact]
    public async Task NoHooks_AreNothing()
    {
        await _hooks.BeforeAsync("md", _root, null);
        await _hooks.AfterAsync("md", _root, new HookRules(), null);

        Assert.False(File.Exists(_told));
    }

    private static string[] Shell(string script) => ["/bin/sh", "-c", script];
}
