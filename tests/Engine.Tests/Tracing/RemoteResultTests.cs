using Checkpointer.Engine.Interop;
using Checkpointer.Engine.Support;
using Checkpointer.Engine.Tracing;
using Xunit;

namespace Checkpointer.Engine.Tests.Tracing;

/// <summary>Results of injected calls: -4095..-1 are errors, everything else a value.</summary>
[Trait("kind", "unit")]
public sealed class RemoteResultTests
{
    [Theory]
    [InlineData(0L)]
    [InlineData(long.MaxValue)]
    [InlineData(-4096L)] // the first that is a value again: an address near the top
    [InlineData(long.MinValue)]
    public void Result_OutsideOfTheErrors_IsAValue(long raw)
    {
        var result = new RemoteResult(raw);

        Assert.False(result.IsError);
        Assert.Equal((Errno.None, unchecked((ulong)raw)), (result.Errno, result.OrThrow("mmap")));
    }

    [Theory]
    [InlineData(-1L, (int)Errno.EPERM)]
    [InlineData(-12L, (int)Errno.ENOMEM)]
    [InlineData(-4095L, 4095)]
    public void Result_InTheErrors_Throws(long raw, int errno)
    {
        var result = new RemoteResult(raw);

        var failure = Assert.Throws<LinuxException>(() => result.OrThrow("mmap of the gate"));

        Assert.True(result.IsError);
        Assert.Equal(((Errno)errno, (Errno)errno), (result.Errno, failure.Errno));
        Assert.StartsWith("mmap of the gate: ", failure.Message, StringComparison.Ordinal);
    }
}
