using Checkpointer.Engine.Interop;
using Checkpointer.Engine.Support;

namespace Checkpointer.Engine.Tracing;

/// <summary>What an injected system call returned: a value, or an errno decoded from -4095..-1.</summary>
internal readonly record struct RemoteResult(long Raw)
{
    private const long ErrnoMax = 4095;

    /// <summary>True where it is an error.</summary>
    public bool IsError => Raw is < 0 and >= -ErrnoMax;

    /// <summary>The error; <see cref="Errno.None"/> where there is none.</summary>
    public Errno Errno => IsError ? (Errno)(-Raw) : Errno.None;

    /// <summary>The value, or an exception that names the call.</summary>
    public ulong OrThrow(string call) => IsError ? throw new LinuxException(call, Errno) : unchecked((ulong)Raw);
}
