using Checkpointer.Engine.Host;
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
    private readonly SafeFd? _init;
    private readonly ExitEvents? _exits;

    /// <param name="identity">Who it was.</param>
    /// <param name="pidfd">The process; null where it was gone before.</param>
    /// <param name="init">Its parent, where that is the init of a PID namespace of ours.</param>
    /// <param name="exits">What tells how it ended where the kernel's pidfds do not; null where they do.</param>
    internal EndedProcess(ProcessIdentity identity, SafeFd? pidfd, SafeFd? init = null, ExitEvents? exits = null)
    {
        Identity = identity;
        _pidfd = pidfd;
        _init = init;
        _exits = exits;
    }

    /// <summary>Who it was.</summary>
    public ProcessIdentity Identity { get; }

    /// <summary>
    /// Tells how it ended, and reaps it where it is our child, and the init of its PID namespace where that is. Of others the kernel tells since Linux 6.15, once their parent has reaped them;
    /// before, the process connector tells the superuser. Precondition: no dump of it is under way, whose tracer waits for it, too, and nobody of ours is in its PID namespace any more.
    /// </summary>
    /// <param name="patience">Longest wait for another parent.</param>
    public ProcessEnd Collect(TimeSpan patience)
    {
        if (_pidfd is null)
        {
            return ProcessEnd.Unknown;
        }

        if (TryReap(_pidfd) is { } reaped)
        {
            return ToEnd(reaped);
        }

        var told = _exits is null ? TryInfo(patience) : _exits.Await(Identity.Pid.Value, patience);
        var init = TryReapInit(patience);
        return (told ?? init) is { } status ? ToEnd(status) : ProcessEnd.Unknown;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _pidfd?.Dispose();
        _init?.Dispose();
        _exits?.Forget(Identity.Pid.Value);
    }

    private static ProcessEnd ToEnd(WaitStatus status)
        => status.IsExited ? new ProcessEnd(status.ExitCode, null) : new ProcessEnd(null, status.EndSignal);

    /// <summary>The end of the init, which is that of the process; null where it is not our child, or does not end in time.</summary>
    private unsafe WaitStatus? TryReapInit(TimeSpan patience)
    {
        if (_init is null || !IsChild(_init))
        {
            return null;
        }

        var file = new pollfd { fd = _init.Number, events = SocketNumber.POLLIN };
        return Libc.poll(&file, 1, checked((int)patience.TotalMilliseconds)) > 0 ? TryReap(_init) : null;
    }

    private static unsafe bool IsChild(SafeFd pidfd)
    {
        siginfo_child info = default;
        return Libc.waitid(WaitOption.P_PIDFD, pidfd.Number, &info, WaitOption.WEXITED | WaitOption.WNOHANG | WaitOption.WNOWAIT | WaitOption.__WALL) == 0;
    }

    private static unsafe WaitStatus? TryReap(SafeFd pidfd)
    {
        siginfo_child info = default;
        int result;
        do
        {
            result = Libc.waitid(WaitOption.P_PIDFD, pidfd.Number, &info, WaitOption.WEXITED | WaitOption.WNOHANG | WaitOption.__WALL);
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

    private unsafe WaitStatus? TryInfo(TimeSpan patience)
    {
        AwaitReaper(patience);
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
