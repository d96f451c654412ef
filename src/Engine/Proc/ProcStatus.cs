namespace Checkpointer.Engine.Proc;

/// <summary>Pending signals of a user, <c>SigQ</c> of /proc/PID/status.</summary>
/// <param name="Queued">Signals queued now for the real user of the process.</param>
/// <param name="Limit">RLIMIT_SIGPENDING of the process; <see cref="ulong.MaxValue"/> is unlimited.</param>
internal readonly record struct SignalQueue(ulong Queued, ulong Limit);

/// <summary>
/// One process or thread as in /proc/PID/status (man 5 proc_pid_status); properties carry the names of the lines.
/// Null where this kernel, or a process without memory (zombie, kernel thread), has no such line.
/// </summary>
internal sealed record ProcStatus
{
    /// <summary>Name of the thread with the kernel's escapes undone; bytes that are not UTF-8 are replaced.</summary>
    public required string Name { get; init; }

    /// <summary>File mode creation mask. Linux 4.7; absent for a zombie.</summary>
    public required uint? Umask { get; init; }

    /// <summary>As <see cref="ProcStat.State"/>.</summary>
    public required char State { get; init; }

    /// <summary>Thread group: the process ID.</summary>
    public required int Tgid { get; init; }

    /// <summary>NUMA group. Linux 3.13.</summary>
    public required int? Ngid { get; init; }

    /// <summary>Thread ID, in spite of its name.</summary>
    public required int Pid { get; init; }

    /// <summary>Parent.</summary>
    public required int PPid { get; init; }

    /// <summary>Thread that traces this one, 0 for none.</summary>
    public required int TracerPid { get; init; }

    /// <summary>Four: real, effective, saved, file system.</summary>
    public required IReadOnlyList<uint> Uid { get; init; }

    /// <summary>Four: real, effective, saved, file system.</summary>
    public required IReadOnlyList<uint> Gid { get; init; }

    /// <summary>Supplementary groups.</summary>
    public required IReadOnlyList<uint> Groups { get; init; }

    /// <summary>Thread ID in every PID namespace from ours inwards; empty before Linux 4.1.</summary>
    public required IReadOnlyList<int> NSpid { get; init; }

    /// <summary>Whether it is a kernel thread. Linux 6.10; older: PF_KTHREAD in <see cref="ProcStat.Flags"/>.</summary>
    public required bool? Kthread { get; init; }

    /// <summary>Resident memory in bytes; 0 without memory. May lag by some dozens of pages per thread.</summary>
    public required long VmRssBytes { get; init; }

    /// <summary>Swapped anonymous memory in bytes; 0 without memory.</summary>
    public required long VmSwapBytes { get; init; }

    /// <summary>Whether transparent huge pages are allowed (PR_SET_THP_DISABLE). Linux 5.0.</summary>
    public required bool? ThpEnabled { get; init; }

    /// <summary>Threads of the process.</summary>
    public required int Threads { get; init; }

    /// <summary>Queued signals and their limit.</summary>
    public required SignalQueue SigQ { get; init; }

    /// <summary>Signals pending for this thread: bit N-1 is signal N, here and in the other masks.</summary>
    public required ulong SigPnd { get; init; }

    /// <summary>Signals pending for the process.</summary>
    public required ulong ShdPnd { get; init; }

    /// <summary>Signals blocked by the thread.</summary>
    public required ulong SigBlk { get; init; }

    /// <summary>Signals ignored by the process.</summary>
    public required ulong SigIgn { get; init; }

    /// <summary>Signals with a handler.</summary>
    public required ulong SigCgt { get; init; }

    /// <summary>Inheritable capabilities: bit N is capability N, here and in the other sets.</summary>
    public required ulong CapInh { get; init; }

    /// <summary>Permitted capabilities.</summary>
    public required ulong CapPrm { get; init; }

    /// <summary>Effective capabilities.</summary>
    public required ulong CapEff { get; init; }

    /// <summary>Bounding set.</summary>
    public required ulong CapBnd { get; init; }

    /// <summary>Ambient capabilities. Linux 4.3.</summary>
    public required ulong? CapAmb { get; init; }

    /// <summary>PR_SET_NO_NEW_PRIVS. Linux 4.10.</summary>
    public required bool? NoNewPrivs { get; init; }

    /// <summary>0 off, 1 strict, 2 filter. Kernels with CONFIG_SECCOMP.</summary>
    public required int? Seccomp { get; init; }

    /// <summary>Number of seccomp filters. Linux 5.9.</summary>
    public required int? SeccompFilters { get; init; }

    /// <summary>Resident and swapped memory in bytes: what a full generation may have to carry.</summary>
    public long PopulatedBytes => VmRssBytes + VmSwapBytes;
}
