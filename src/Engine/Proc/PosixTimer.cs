namespace Checkpointer.Engine.Proc;

/// <summary>What a POSIX timer does when it fires, SIGEV_* of sigevent(3).</summary>
internal enum TimerNotify
{
    /// <summary>SIGEV_SIGNAL.</summary>
    Signal,

    /// <summary>SIGEV_NONE.</summary>
    None,

    /// <summary>SIGEV_THREAD.</summary>
    Thread,
}

/// <summary>One timer of timer_create(2) as in /proc/PID/timers; its times are asked with timer_gettime(2).</summary>
/// <param name="Id">The kernel's timer ID, as the process knows it.</param>
/// <param name="Signal">Signal number.</param>
/// <param name="Value"><c>sigev_value</c>, a pointer or a number.</param>
/// <param name="Notify">What it does when it fires.</param>
/// <param name="IsThreadTarget">SIGEV_THREAD_ID is set: <paramref name="Target"/> is a thread and not a process.</param>
/// <param name="Target">Process or thread that is told, in the reader's PID namespace; 0 where it is gone.</param>
/// <param name="ClockId">CLOCK_*; negative for the CPU clock of a process or thread.</param>
internal sealed record PosixTimer(
    int Id, int Signal, ulong Value, TimerNotify Notify, bool IsThreadTarget, int Target, int ClockId);
