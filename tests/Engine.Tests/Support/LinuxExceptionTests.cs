using Checkpointer.Engine.Interop;
using Checkpointer.Engine.Support;
using Xunit;

namespace Checkpointer.Engine.Tests.Support;

/// <summary>A failed call says what failed, why, and what to do.</summary>
[Trait("kind", "unit")]
public sealed class LinuxExceptionTests
{
    [Theory]
    [InlineData((int)Errno.EPERM, EngineFailure.NotPermitted, true)]
    [InlineData((int)Errno.EACCES, EngineFailure.NotPermitted, true)]
    [InlineData((int)Errno.ESRCH, EngineFailure.NoSuchProcess, false)]
    [InlineData((int)Errno.ENOMEM, EngineFailure.Failed, true)]
    [InlineData((int)Errno.EINVAL, EngineFailure.Failed, false)]
    public void Exception_OfAnErrno_HasItsReason(int number, EngineFailure reason, bool hasHint)
    {
        var exception = new LinuxException("ptrace(SEIZE) of thread 7", (Errno)number);

        Assert.Equal((reason, (Errno)number, hasHint), (exception.Reason, exception.Errno, exception.Hint is not null));
        Assert.Equal($"ptrace(SEIZE) of thread 7: {(Errno)number}", exception.Message);
    }

    [Fact]
    public void ThrowIfFailed_AfterAFailedCall_HasItsErrno()
    {
        Assert.Equal(Errno.EBADF, Assert.Throws<LinuxException>(() => LinuxException.ThrowIfFailed(Libc.close(-1), "close")).Errno);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(7)]
    [InlineData(-2)] // an address near the top, as mmap may return it
    public void ThrowIfFailed_AfterACallThatDid_DoesNothing(int result)
    {
        Assert.Null(Record.Exception(() => LinuxException.ThrowIfFailed(result, "mmap")));
    }
}
