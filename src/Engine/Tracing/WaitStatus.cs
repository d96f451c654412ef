using System.Globalization;

namespace Checkpointer.Engine.Tracing;

/// <summary>A wait(2) status, decoded.</summary>
internal readonly record struct WaitStatus(int Raw)
{
    /// <summary>The status that waitpid(2) would have given for what waitid(2) gave.</summary>
    public static WaitStatus From(in Interop.siginfo_child info) => new(info.si_code switch
    {
        Interop.WaitOption.CLD_EXITED => info.si_status << 8,
        Interop.WaitOption.CLD_KILLED => info.si_status,
        Interop.WaitOption.CLD_DUMPED => info.si_status | 0x80,
        _ => (info.si_status << 8) | 0x7f,
    });

    /// <summary>True where the task ended, by exit or by a signal.</summary>
    public bool IsDead => IsExited || IsSignaled;

    /// <summary>True where it called exit.</summary>
    public bool IsExited => (Raw & 0x7f) == 0;

    /// <summary>True where a signal ended it.</summary>
    public bool IsSignaled => (Raw & 0x7f) is not 0 and not 0x7f;

    /// <summary>What it gave to exit.</summary>
    public int ExitCode => (Raw >> 8) & 0xff;

    /// <summary>The signal that ended it.</summary>
    public int EndSignal => Raw & 0x7f;

    /// <summary>True where it is stopped.</summary>
    public bool IsStopped => (Raw & 0xff) == 0x7f;

    /// <summary>Signal of the stop, with 0x80 set for a system call stop (PTRACE_O_TRACESYSGOOD).</summary>
    public int StopSignal => (Raw >> 8) & 0xff;

    /// <summary>PTRACE_EVENT_* of the stop; 0 where there is none.</summary>
    public int Event => Raw >> 16;

    /// <summary>True for the stop of a system call entry or exit.</summary>
    public bool IsSyscallStop => IsStopped && StopSignal == (Interop.Signal.SIGTRAP | 0x80);

    /// <summary>True where it is stopped because a signal is about to be delivered to it.</summary>
    public bool IsSignalStop => IsStopped && !IsSyscallStop && Event == 0;

    /// <summary>The signal to go on with, so that none that the job was sent is lost; 0 where the stop is none for a signal.</summary>
    public int SignalToDeliver => IsSignalStop ? StopSignal : 0;

    /// <inheritdoc/>
    public override string ToString()
    {
        var raw = Raw.ToString("x", CultureInfo.InvariantCulture);
        if (IsExited)
        {
            return $"exited with {(Raw >> 8) & 0xff} (status 0x{raw})";
        }

        return IsSignaled ? $"killed by signal {Raw & 0x7f} (status 0x{raw})" : $"stopped by signal {StopSignal}, event {Event} (status 0x{raw})";
    }
}
