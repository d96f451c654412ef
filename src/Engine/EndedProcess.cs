using Checkpointer.Engine.Interop;
using Checkpointer.Engine.Support;
using Checkpointer.Engine.Tracing;

namespace Checkpointer.Engine;

/// <summary>A process whose threads have all ended; its parent may not have waited for it yet.</summary>
public sealed class EndedProcess : IDisposable
{
    private const int InfoBytes = 64; // PIDFD_INFO_SIZE_VER0
    private const int ExitStatusOffset = 60; // exit_code of struct pidfd_info, its last member
    private const ulong TellsExit = 1 << 3; // PIDFD_INFO_EXIT, Linux 6.15

    private readonly SafeFd? _pidfd;

    internal EndedProcess(ProcessIdentity identity, SafeFd? pidfd)
    {
        Identity = identity;
        _pidfd = pidfd;
    }

    /// <summary>Who it was.</summary>
    public ProcessIdentity Identity { get; }

    /// <summary>
    /// Tells how it ended, and reaps it where it is our child. Of others the kernel tells since Linux 6.15, once their parent has reaped them. Precondition: no dump of
    /// it is under way, whose tracer waits for it, too.
    /// </summary>
    /// <param name="patience">Longest wait for another parent.</param>
    public ProcessEnd Collect(TimeSpan patience)
    {
        if (_pidfd is null)
        {
            return ProcessEnd.Unknown;
        }

        if (TryReap() is { } reaped)
        {
            return ToEnd(reaped);
        }

        AwaitReaper(patience);
        return TryInfo() is { } told ? ToEnd(told) : ProcessEnd.Unknown;
    }

    /// <inheritdoc/>
    public void Dispose() => _pidfd?.Dispose();

    private static ProcessEnd ToEnd(WaitStatus status)
        => status.IsExited ? new ProcessEnd(status.ExitCode, null) : new ProcessEnd(null, status.EndSignal);

    private unsafe WaitStatus? TryReap()
    {
        siginfo_child info = default;
        int result;
        do
        {
            result = Libc.waitid(WaitOption.P_PIDFD, _pidfd!.Number, &info, WaitOption.WEXITED | WaitOption.WNOHANG | WaitOption.__WALL);
        }
        while (result < 0 && LastError.Get() == Errno.EINTR);

        return result == 0 && info.si_pid != 0 ? WaitStatus.From(info) : null;
    }

    /// <summary>Since Linux 6.9 a pidfd says POLLHUP when its process was reaped.</summary>
    private unsafe void AwaitReaper(TimeSpan patience)
    {
        var file = new pollfd { fd = _pidfd!.Number };
        _ = Libc.poll(&file, 1, checked((int)patience.TotalMilliseconds));
    }

    private unsafe WaitStatus? TryInfo()
    {
        Span<byte> info = stackalloc byte[InfoBytes];
        BitConverter.TryWriteBytes(info, TellsExit);
        fixed (byte* pointer = info)
        {
            if (Libc.ioctl(_pidfd!.Number, unchecked((uint)FileFlag.PIDFD_GET_INFO), (nint)pointer) < 0)
            {
                return null;
            }
        }

        return (BitConverter.ToUInt64(info) & TellsExit) != 0 ? new WaitStatus(BitConverter.ToInt32(info[ExitStatusOffset..])) : null;
    }
}
