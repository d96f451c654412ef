using Checkpointer.Engine.Resources;
using Checkpointer.Engine.Support;
using Checkpointer.Engine.Tests.Support;
using Checkpointer.Engine.Tracing;
using Xunit;

namespace Checkpointer.Engine.Tests.Resources;

/// <summary>The kernel keeps numbers of processes that used an object; by now a number may be another process's.</summary>
public sealed class SystemVUsersTests : IDisposable
{
    private readonly Scratch _scratch = new();
    private readonly int _job;
    private readonly int _other;
    private readonly long _now;
    private readonly SystemVUsers _users;

    public SystemVUsersTests()
    {
        _job = Command.Start(_scratch, "/bin/sleep", "1000");
        _other = Command.Start(_scratch, "/bin/sleep", "1000");
        _now = TimeProvider.System.GetUtcNow().ToUnixTimeSeconds();
        _users = new SystemVUsers(new ProcessTree([new ProcessId(_job)], [], IsForest: false));
    }

    [Theory]
    [InlineData(0, true)]
    [InlineData(-60, false)]
    public void HasUsed_IsTrueOnlySinceTheProcessBegan(int seconds, bool expected)
    {
        Assert.Equal(expected, _users.HasUsed(new SystemVUse(_job, _now + seconds)));
        Assert.False(_users.HasUsed(new SystemVUse(_other, _now + seconds)));
    }

    [Theory]
    [InlineData(0, true)]
    [InlineData(-60, false)]
    public void Outsider_IsNoneThatBeganAfterTheUse(int seconds, bool expected)
    {
        var outsider = _users.Outsider([new SystemVUse(0, _now), new SystemVUse(_job, _now), new SystemVUse(_other, _now + seconds)]);

        Assert.Equal(expected ? new ProcessId(_other) : null, outsider);
    }

    public void Dispose()
    {
        Command.End(_job);
        Command.End(_other);
        _scratch.Dispose();
    }
}
