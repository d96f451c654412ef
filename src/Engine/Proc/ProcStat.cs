namespace Checkpointer.Engine.Proc;

/// <summary>One process or thread as in /proc/PID/stat and /proc/PID/task/TID/stat (man 5 proc_pid_stat); field numbers are that page's.</summary>
/// <remarks>The kernel shows addresses and the exit code as 0 (code addresses as 1) to a reader who may not trace the process.</remarks>
internal sealed record ProcStat
{
    /// <summary>Field 1: process or thread ID.</summary>
    public required int Pid { get; init; }

    /// <summary>Field 2 for people: bytes that are not UTF-8 are replaced. To set it again use <see cref="CommBytes"/>.</summary>
    public required string Comm { get; init; }

    /// <summary>Field 2 as it is: up to 15 bytes, any but NUL, cut in the middle of a character where it was longer.</summary>
    public required ReadOnlyMemory<byte> CommBytes { get; init; }

    /// <summary>Field 3: R running, S sleeping, D disk sleep, T stopped, t traced, Z zombie, X dead, I idle.</summary>
    public required char State { get; init; }

    /// <summary>Field 4.</summary>
    public required int ParentPid { get; init; }

    /// <summary>Field 5.</summary>
    public required int ProcessGroup { get; init; }

    /// <summary>Field 6.</summary>
    public required int Session { get; init; }

    /// <summary>Field 7: device number of the controlling terminal, 0 where there is none.</summary>
    public required int TtyNr { get; init; }

    /// <summary>Field 8: foreground process group of that terminal, -1 where there is none.</summary>
    public required int TtyForegroundGroup { get; init; }

    /// <summary>Field 9: PF_* of include/linux/sched.h.</summary>
    public required uint Flags { get; init; }

    /// <summary>Field 19: -20 to 19.</summary>
    public required int Nice { get; init; }

    /// <summary>Field 20: threads of the process.</summary>
    public required int ThreadCount { get; init; }

    /// <summary>Field 22: start time in clock ticks since boot.</summary>
    public required ulong StartTicks { get; init; }

    /// <summary>Field 26: address.</summary>
    public required ulong StartCode { get; init; }

    /// <summary>Field 27: address.</summary>
    public required ulong EndCode { get; init; }

    /// <summary>Field 28: address of the bottom of the stack.</summary>
    public required ulong StartStack { get; init; }

    /// <summary>Field 38: signal to the parent at exit; -1 for a thread that is not the leader.</summary>
    public required int ExitSignal { get; init; }

    /// <summary>Field 40: 1 to 99 under a real-time policy, else 0.</summary>
    public required uint RtPriority { get; init; }

    /// <summary>Field 41: SCHED_* of include/linux/sched.h.</summary>
    public required uint Policy { get; init; }

    /// <summary>Field 45: address.</summary>
    public required ulong StartData { get; init; }

    /// <summary>Field 46: address.</summary>
    public required ulong EndData { get; init; }

    /// <summary>Field 47: address.</summary>
    public required ulong StartBrk { get; init; }

    /// <summary>Field 48: address.</summary>
    public required ulong ArgStart { get; init; }

    /// <summary>Field 49: address.</summary>
    public required ulong ArgEnd { get; init; }

    /// <summary>Field 50: address.</summary>
    public required ulong EnvStart { get; init; }

    /// <summary>Field 51: address.</summary>
    public required ulong EnvEnd { get; init; }

    /// <summary>Field 52: exit status as waitpid(2) gives it.</summary>
    public required int ExitCode { get; init; }

    /// <summary>True where nothing of the process runs any more. A zombie leader with other threads is still alive
    /// (its main thread called pthread_exit).</summary>
    public bool IsDead => State is 'X' or 'x' || (State == 'Z' && ThreadCount <= 1);

    /// <summary>True from the moment that it begins to end (PF_EXITING): it gives up what it has before it is seen to be dead, and the leader of
    /// a killed process is a zombie before the other threads have gone.</summary>
    public bool IsEnding => State is 'Z' or 'X' or 'x' || (Flags & 0x4) != 0;
}
