using System.Globalization;

namespace Checkpointer.Engine.Support;

/// <summary>A process (thread group) ID in our PID namespace; always positive.</summary>
/// <param name="Value">The number.</param>
/// <param name="IsOfHost">True where our PID namespace does not show the process: then the number is that of the host (<c>HostProc</c>), and only
/// its files in /proc can be looked at.</param>
public readonly record struct ProcessId(int Value, bool IsOfHost = false)
{
    /// <summary>The thread group leader as a thread.</summary>
    public ThreadId Leader => new(Value);

    /// <inheritdoc/>
    public override string ToString() => Value.ToString(CultureInfo.InvariantCulture);
}

/// <summary>A thread (task) ID in our PID namespace; always positive.</summary>
public readonly record struct ThreadId(int Value)
{
    /// <inheritdoc/>
    public override string ToString() => Value.ToString(CultureInfo.InvariantCulture);
}

/// <summary>
/// A process that cannot be confused with a later one of the same number: PID, start time and boot.
/// </summary>
/// <param name="Pid">Process ID.</param>
/// <param name="StartTicks">Start time in clock ticks since boot, /proc/PID/stat field 22.</param>
/// <param name="BootId">/proc/sys/kernel/random/boot_id.</param>
public sealed record ProcessIdentity(ProcessId Pid, ulong StartTicks, string BootId);
