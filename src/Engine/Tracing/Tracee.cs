using System.Diagnostics;
using Checkpointer.Engine.Arch.X64;
using Checkpointer.Engine.Interop;
using Checkpointer.Engine.Support;

namespace Checkpointer.Engine.Tracing;

/// <summary>
/// One traced thread. ptrace belongs to the OS thread that attached: every member runs on that tracer thread.
/// </summary>
internal sealed unsafe class Tracee
{
    // FXSAVE, AVX-512 and AMX tile data come to 11 KiB; the kernel never writes more than the CPU has.
    private const int ExtendedStateBytesMax = 16 * 1024;
    private const int SpinsBeforeSleep = 2000;
    private const uint SleepMicroseconds = 50;
    private const int SleepsBetweenLooks = 20;

    private readonly int _tracerThread = Environment.CurrentManagedThreadId;

    private Tracee(ThreadId thread, ProcessId process)
    {
        Thread = thread;
        Process = process;
    }

    /// <summary>The traced thread.</summary>
    public ThreadId Thread { get; }

    /// <summary>Its process.</summary>
    public ProcessId Process { get; }

    /// <summary>Kernel function that the thread slept in before it was stopped, /proc/PID/task/TID/wchan; empty where unknown.</summary>
    public string WaitChannel { get; init; } = string.Empty;

    /// <summary>True where seccomp confines the thread; as long as it is traced, its filters do not judge calls, ours among them.</summary>
    public bool IsConfined { get; set; }

    /// <summary>True once it was reported dead; every later request is refused.</summary>
    public bool IsGone { get; private set; }

    /// <summary>The stop signal of a job-control stop that the thread was found in, else 0.</summary>
    public int GroupStopSignal { get; private set; }

    /// <summary>Attaches without stopping; null where the thread is gone already.</summary>
    public static Tracee? TrySeize(ThreadId thread, ProcessId process, int options)
    {
        var isConfined = Proc.ProcFs.TryStatus(process, thread) is { Seccomp: > 0 };
        var tracee = new Tracee(thread, process) { WaitChannel = Proc.ProcFs.WaitChannel(process, thread), IsConfined = isConfined };
        TracerDeath.MayCome();
        if (Libc.ptrace(Ptrace.PTRACE_SEIZE, thread.Value, 0, options | tracee.OwnOptions) == 0)
        {
            return tracee;
        }

        var errno = LastError.Get();
        if (errno == Errno.ESRCH)
        {
            return null;
        }

        throw new LinuxException($"ptrace(SEIZE) of thread {thread} (process {process})", errno);
    }

    /// <summary>Takes up a new thread or child that the kernel attached by itself (PTRACE_O_TRACECLONE and its like).</summary>
    public static Tracee Adopt(ThreadId thread, ProcessId process) => new(thread, process);

    /// <summary>Asks the thread to stop; <see cref="WaitForStop"/> tells when it has, or that it has died instead.</summary>
    public void Interrupt() => IgnoreDeath(() => Request(Ptrace.PTRACE_INTERRUPT, 0, 0, "INTERRUPT"));

    /// <summary>
    /// Waits until an interrupted thread has stopped in an event stop. A signal that arrives first is put back: the kernel prepares the
    /// handler and then stops, before any code of the job runs.
    /// </summary>
    /// <returns>False where the thread died instead.</returns>
    public bool WaitForStop(TimeSpan timeout) => StopsWithin(timeout) ?? throw DidNotStop(timeout);

    /// <summary>The same with patience: null where it has neither stopped nor died in time.</summary>
    public bool? StopsWithin(TimeSpan patience)
    {
        while (TryWait(patience) is { } status)
        {
            if (status.IsDead)
            {
                return false;
            }

            if (status.Event == Ptrace.PTRACE_EVENT_STOP)
            {
                GroupStopSignal = status.StopSignal == Signal.SIGTRAP ? 0 : status.StopSignal;
                return true;
            }

            Resume(Ptrace.PTRACE_CONT, status.SignalToDeliver);
        }

        return null;
    }

    /// <summary>Waits for the next report of this thread.</summary>
    /// <exception cref="EngineException">TimedOut, with the state that the thread is in.</exception>
    public WaitStatus Wait(TimeSpan timeout) => TryWait(timeout) ?? throw DidNotStop(timeout);

    private WaitStatus? TryWait(TimeSpan timeout)
    {
        AssertTracerThread();
        TracerDeath.MayCome();
        var start = Stopwatch.GetTimestamp();
        for (var spins = 0; ; spins++)
        {
            var isTimeToLook = spins > SpinsBeforeSleep && spins % SleepsBetweenLooks == 0;
            if ((Poll() ?? (isTimeToLook ? PollSilentDeath() : null)) is { } status)
            {
                IsGone |= status.IsDead;
                TracerDeath.MayCome();
                return status;
            }

            if (spins < SpinsBeforeSleep)
            {
                _ = Libc.sched_yield();
                continue;
            }

            if (Stopwatch.GetElapsedTime(start) > timeout)
            {
                return null;
            }

            _ = Libc.usleep(SleepMicroseconds);
        }
    }

    /// <summary>
    /// Looks for a report without waiting. A stop for a signal is looked at and not taken (WNOWAIT): the kernel delivers the signal of a stop that
    /// nobody took when the tracer dies, and drops that of a stop that was taken. It is reported again until the thread is resumed.
    /// </summary>
    private WaitStatus? Poll()
    {
        siginfo_child info = default;
        const int Looking = WaitOption.WNOHANG | WaitOption.WSTOPPED | WaitOption.WEXITED | WaitOption.__WALL;
        var result = Libc.waitid(WaitOption.P_PID, Thread.Value, &info, Looking | WaitOption.WNOWAIT);
        if (result == 0 && info.si_pid == Thread.Value && WaitStatus.From(info) is { IsSignalStop: true } signal)
        {
            return signal;
        }

        var status = 0;
        if (result == 0 && info.si_pid == Thread.Value)
        {
            result = Libc.waitpid(Thread.Value, &status, WaitOption.WNOHANG | WaitOption.__WALL);
        }

        if (result < 0 && LastError.Get() is var errno && errno != Errno.EINTR)
        {
            throw new LinuxException($"wait for thread {Thread} (process {Process})", errno);
        }

        return result == Thread.Value ? new WaitStatus(status) : null;
    }

    /// <summary>
    /// The end of a main thread is not reported to its tracer before all other threads have been waited for, and those of a killed process are ours, too, and wait for this one.
    /// So it is looked for; the report of a thread that has no others is there as soon as its death can be seen.
    /// </summary>
    private WaitStatus? PollSilentDeath()
        => Thread.Value == Process.Value && Proc.ProcFs.IsDead(Process, Thread) ? Poll() ?? new WaitStatus(Signal.SIGKILL) : null;

    /// <summary>Lets the stopped thread run until its next stop.</summary>
    public void Resume(int request, int signal = 0) => Request(request, 0, signal, "CONT");

    /// <summary>Lets the stopped thread run; one that was killed meanwhile is left to the next wait.</summary>
    public void ResumeIfAlive(int signal) => IgnoreDeath(() => Resume(Ptrace.PTRACE_CONT, signal));

    /// <summary>Lets the thread go. A thread that died meanwhile is no error.</summary>
    public void Detach()
    {
        AssertTracerThread();
        if (IsGone)
        {
            return;
        }

        TracerDeath.MayCome();
        if (Libc.ptrace(Ptrace.PTRACE_DETACH, Thread.Value, 0, 0) != 0 && LastError.Get() is var errno && errno != Errno.ESRCH)
        {
            throw new LinuxException($"ptrace(DETACH) of thread {Thread}", errno);
        }
    }

    /// <summary>Kills a process of one thread that is ours to kill, and waits until it is dead.</summary>
    public void Kill(TimeSpan timeout)
    {
        Invariant.Require(Thread.Value == Process.Value && Thread.Value > 1, $"{Thread} is not a process to kill");
        TracerDeath.MayCome();
        if (!IsGone && Libc.kill(Process.Value, Signal.SIGKILL) != 0)
        {
            throw new LinuxException($"kill of process {Process}", LastError.Get());
        }

        while (!IsGone)
        {
            _ = Wait(timeout);
        }
    }

    /// <summary>Changes the PTRACE_O_* options.</summary>
    public void SetOptions(int options) => Request(Ptrace.PTRACE_SETOPTIONS, 0, options | OwnOptions, "SETOPTIONS");

    /// <summary>The seccomp filters of the thread, the first installed first, each with its flags.</summary>
    public List<(byte[] Program, ulong Flags)> GetSeccompFilters()
    {
        var filters = new List<(byte[] Program, ulong Flags)>();
        var buffer = new byte[Seccomp.BPF_MAXINSNS * sizeof(sock_filter)];
        fixed (byte* bytes = buffer)
        {
            while (true)
            {
                TracerDeath.MayCome();
                var count = Libc.ptrace(Ptrace.PTRACE_SECCOMP_GET_FILTER, Thread.Value, filters.Count, (nint)bytes);
                if (count < 0)
                {
                    // The one behind the last.
                    return LastError.Get() is Errno.ENOENT ? filters : throw new LinuxException($"ptrace(SECCOMP_GET_FILTER) of thread {Thread}", LastError.Get());
                }

                seccomp_metadata metadata = new() { filter_off = (ulong)filters.Count };
                Request(Ptrace.PTRACE_SECCOMP_GET_METADATA, sizeof(seccomp_metadata), (nint)(&metadata), "SECCOMP_GET_METADATA");
                filters.Add((buffer.AsSpan(0, (int)count * sizeof(sock_filter)).ToArray(), metadata.flags));
            }
        }
    }

    private int OwnOptions => IsConfined ? Ptrace.PTRACE_O_SUSPEND_SECCOMP : 0;

    /// <summary>PTRACE_GETEVENTMSG: the new task of a clone event.</summary>
    public int GetEventMessage()
    {
        ulong message = 0;
        Request(Ptrace.PTRACE_GETEVENTMSG, 0, (nint)(&message), "GETEVENTMSG");
        return checked((int)message);
    }

    /// <summary>True where the thread stands at the exit of a system call; counting stops would be misled by event stops.</summary>
    public bool IsAtSyscallExit()
    {
        ptrace_syscall_info info = default;
        Request(Ptrace.PTRACE_GET_SYSCALL_INFO, sizeof(ptrace_syscall_info), (nint)(&info), "GET_SYSCALL_INFO");
        return info.op == Ptrace.PTRACE_SYSCALL_INFO_EXIT;
    }

    /// <summary>General registers.</summary>
    public RegisterSet GetRegisters()
    {
        user_regs_struct raw = default;
        iovec vector = new() { iov_base = (nint)(&raw), iov_len = (nuint)sizeof(user_regs_struct) };
        Request(Ptrace.PTRACE_GETREGSET, Ptrace.NT_PRSTATUS, (nint)(&vector), "GETREGSET");
        return new RegisterSet { Raw = raw };
    }

    /// <summary>Replaces the general registers.</summary>
    public void SetRegisters(in RegisterSet registers)
    {
        var raw = registers.Raw;
        iovec vector = new() { iov_base = (nint)(&raw), iov_len = (nuint)sizeof(user_regs_struct) };
        Request(Ptrace.PTRACE_SETREGSET, Ptrace.NT_PRSTATUS, (nint)(&vector), "SETREGSET");
    }

    /// <summary>Extended state (x87, SSE, AVX, ...) in XSAVE layout.</summary>
    public byte[] GetExtendedState()
    {
        var buffer = stackalloc byte[ExtendedStateBytesMax];
        iovec vector = new() { iov_base = (nint)buffer, iov_len = ExtendedStateBytesMax };
        Request(Ptrace.PTRACE_GETREGSET, Ptrace.NT_X86_XSTATE, (nint)(&vector), "GETREGSET");
        return new ReadOnlySpan<byte>(buffer, (int)vector.iov_len).ToArray();
    }

    /// <summary>Replaces the extended state.</summary>
    public void SetExtendedState(ReadOnlySpan<byte> state)
    {
        fixed (byte* bytes = state)
        {
            iovec vector = new() { iov_base = (nint)bytes, iov_len = (nuint)state.Length };
            Request(Ptrace.PTRACE_SETREGSET, Ptrace.NT_X86_XSTATE, (nint)(&vector), "SETREGSET");
        }
    }

    /// <summary>Blocked signals, bit N-1 for signal N.</summary>
    public ulong GetSignalMask()
    {
        ulong mask = 0;
        Request(Ptrace.PTRACE_GETSIGMASK, sizeof(ulong), (nint)(&mask), "GETSIGMASK");
        return mask;
    }

    /// <summary>Replaces the blocked signals.</summary>
    public void SetSignalMask(ulong mask) => Request(Ptrace.PTRACE_SETSIGMASK, sizeof(ulong), (nint)(&mask), "SETSIGMASK");

    /// <summary>The registered restartable-sequences area; address 0 where there is none.</summary>
    public ptrace_rseq_configuration GetRseqConfiguration()
    {
        ptrace_rseq_configuration configuration = default;
        Request(
            Ptrace.PTRACE_GET_RSEQ_CONFIGURATION, sizeof(ptrace_rseq_configuration), (nint)(&configuration), "GET_RSEQ_CONFIGURATION");
        return configuration;
    }

    /// <summary>Pending signals with their siginfo, in queue order.</summary>
    /// <param name="shared">The process's queue instead of the thread's own.</param>
    public List<byte[]> GetPendingSignals(bool shared)
    {
        const int Batch = 32;
        var signals = new List<byte[]>();
        var buffer = new byte[Batch * Signal.SiginfoBytes];
        fixed (byte* bytes = buffer)
        {
            while (true)
            {
                ptrace_peeksiginfo_args arguments = new()
                {
                    off = (ulong)signals.Count,
                    flags = shared ? (uint)Ptrace.PTRACE_PEEKSIGINFO_SHARED : 0,
                    nr = Batch,
                };
                var count = Request(Ptrace.PTRACE_PEEKSIGINFO, (nint)(&arguments), (nint)bytes, "PEEKSIGINFO");
                for (var index = 0; index < count; index++)
                {
                    signals.Add(buffer.AsSpan(index * Signal.SiginfoBytes, Signal.SiginfoBytes).ToArray());
                }

                if (count < Batch)
                {
                    return signals;
                }
            }
        }
    }

    private static void IgnoreDeath(Action request)
    {
        try
        {
            request();
        }
        catch (LinuxException exception) when (exception.Errno == Errno.ESRCH)
        {
            // Killed, or gone by itself; the wait reports it.
        }
    }

    private nint Request(int request, nint address, nint data, string name)
    {
        AssertTracerThread();
        TracerDeath.MayCome();
        var result = Libc.ptrace(request, Thread.Value, address, data);
        if (result == -1)
        {
            throw new LinuxException($"ptrace({name}) of thread {Thread} (process {Process})", LastError.Get());
        }

        return result;
    }

    private EngineException DidNotStop(TimeSpan timeout)
    {
        var state = Proc.ProcFs.ThreadState(Process, Thread);
        return new EngineException(
            EngineFailure.TimedOut,
            $"Thread {Thread} of process {Process} did not stop within {timeout.TotalSeconds:0.#} s; it is {state}.",
            "a thread in uninterruptible sleep (a hung file system, a vfork that has not ended) cannot be frozen: try again later");
    }

    private void AssertTracerThread() =>
        Debug.Assert(Environment.CurrentManagedThreadId == _tracerThread, "ptrace belongs to the thread that attached");
}
