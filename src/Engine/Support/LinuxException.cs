using Checkpointer.Engine.Interop;

namespace Checkpointer.Engine.Support;

/// <summary>A system call that failed and should not have.</summary>
internal sealed class LinuxException : EngineException
{
    /// <summary>Says which call failed, on what, and why.</summary>
    public LinuxException(string call, Errno errno)
        : base(ReasonOf(errno), $"{call}: {errno}", HintOf(errno)) => Errno = errno;

    /// <summary>The kernel's answer.</summary>
    public Errno Errno { get; }

    /// <summary>Throws for the call just made where it failed.</summary>
    public static void ThrowIfFailed(nint result, string call)
    {
        if (result == -1)
        {
            throw new LinuxException(call, LastError.Get());
        }
    }

    private static EngineFailure ReasonOf(Errno errno) => errno switch
    {
        Errno.EPERM or Errno.EACCES => EngineFailure.NotPermitted,
        Errno.ESRCH => EngineFailure.NoSuchProcess,
        _ => EngineFailure.Failed,
    };

    private static string? HintOf(Errno errno) => errno switch
    {
        Errno.EPERM or Errno.EACCES => "run as root, or run `checkpointer doctor` to see which right is missing",
        Errno.ENOMEM => "free memory on this node and try again",
        _ => null,
    };
}
