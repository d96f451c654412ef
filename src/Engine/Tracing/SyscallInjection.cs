using Checkpointer.Engine.Arch.X64;
using Checkpointer.Engine.Interop;
using Checkpointer.Engine.Proc;
using Checkpointer.Engine.Support;

namespace Checkpointer.Engine.Tracing;

/// <summary>
/// System calls made by a stopped thread of the job on our behalf. From the first call on, all signals of the thread are blocked; disposing puts back
/// the signal mask and the registers that the thread should continue with.
/// </summary>
/// <remarks>
/// We may be killed between any two lines here. The kernel then lets the thread go with whatever it has at that instant, so the order is:
/// 1. the frame that leads home is written, where nothing of the job is;
/// 2. registers: from here on the thread makes the call and goes home by the frame, which also holds its own mask;
/// 3. the mask. Before the registers it would stay behind, for ever;
/// 4. the calls;
/// 5. the mask, then the registers: the other way round the thread would go on in its own code with our mask.
/// 6. Only then may the frame be overwritten.
/// A handler that runs between 2 and 3 or within 5 has its stack below the frame and returns into the call or the road home.
/// </remarks>
internal sealed class SyscallInjection : IDisposable
{
    // Under restore everything but SIGTRAP, which ends a batch; forcing a blocked SIGTRAP would reset its handler.
    private const ulong AllButTrap = ~(1ul << (Signal.SIGTRAP - 1));
    private const ulong All = ulong.MaxValue;

    private readonly Tracee _tracee;
    private readonly RegisterSet _home;
    private readonly ulong _homeMask;
    private readonly ulong _blocked;
    private readonly RemotePtr _instruction;
    private readonly RemotePtr _stack;
    private readonly TimeSpan _timeout;
    private readonly Action<string> _step;
    private readonly Action<bool>? _closed;
    private bool _isOpen = true;
    private bool _isAway;
    private ulong _blockedNow;

    private SyscallInjection(
        Tracee tracee, RegisterSet home, (ulong Home, ulong Blocked) masks, (RemotePtr Instruction, RemotePtr Stack) road, TimeSpan timeout,
        Action<string> step, Action<bool>? closed)
    {
        _tracee = tracee;
        _home = home;
        (_homeMask, _blocked) = masks;
        (_instruction, _stack) = road;
        _timeout = timeout;
        _step = step;
        _closed = closed;
    }

    /// <summary>The thread that makes the calls.</summary>
    public Tracee Tracee => _tracee;

    /// <summary>The task that a call has made, where PTRACE_O_TRACECLONE is set; else null.</summary>
    public ThreadId? NewTask { get; private set; }

    /// <summary>Injects through a system call instruction that the process has anyway; there is no road home but the tracer.</summary>
    public static SyscallInjection Through(
        RemotePtr instruction, Tracee tracee, in RegisterSet home, ulong homeMask, TimeSpan timeout, Action<string> step) =>
        new(tracee, home, (homeMask, AllButTrap), (instruction, home.StackPointer), timeout, step, null);

    /// <summary>Injects through the gate of a process under restore.</summary>
    public static SyscallInjection Through(
        Gate gate, Tracee tracee, in RegisterSet home, ulong homeMask, TimeSpan timeout, Action<string> step) =>
        new(tracee, home, (homeMask, AllButTrap), (gate.CallCode, gate.Frame), timeout, step, null);

    /// <summary>Injects into a frozen thread.</summary>
    /// <param name="instruction">System call instruction; the road home lies behind it.</param>
    /// <param name="stack">Where the frame that leads home lies, with what the road needs before it.</param>
    /// <param name="thread">The thread.</param>
    /// <param name="timeout">Longest wait for one call.</param>
    /// <param name="step">Told before each call.</param>
    /// <param name="closed">Told at the end whether the thread is back; where it is not, it is still in a call and needs its road home.</param>
    public static SyscallInjection Through(
        RemotePtr instruction, RemotePtr stack, FrozenThread thread, TimeSpan timeout, Action<string> step, Action<bool> closed) =>
        new(thread.Tracee, thread.Home, (thread.SignalMask, All), (instruction, stack), timeout, step, closed);

    /// <summary>Makes one call.</summary>
    public RemoteResult Call(Sys number, params ReadOnlySpan<ulong> arguments) => CallAt(_instruction, number, arguments);

    /// <summary>Makes one call at another instruction of the gate.</summary>
    public RemoteResult CallAt(RemotePtr instruction, Sys number, params ReadOnlySpan<ulong> arguments)
    {
        Invariant.Require(_isOpen, "system call injected after the injection was closed");
        _step($"inject {number} into {_tracee.Thread}");
        GoAway(_home.AboutToCall(instruction, _stack, number, arguments), _blocked);
        return RunToExit(number);
    }

    /// <summary>Lets the thread run on from the exit of one call to that of the next, which the code behind it makes.</summary>
    public RemoteResult RunToExit(Sys number)
    {
        var signal = 0;
        while (true)
        {
            // A signal that cannot be blocked (SIGSTOP) is the job's: it is passed on.
            _tracee.Resume(Ptrace.PTRACE_SYSCALL, signal);
            var status = _tracee.Wait(_timeout);
            if (status.IsDead)
            {
                throw new EngineException(
                    EngineFailure.NoSuchProcess, $"Thread {_tracee.Thread} of process {_tracee.Process} {status} during an injected {number}.");
            }

            if (status.Event == Ptrace.PTRACE_EVENT_CLONE)
            {
                NewTask = new ThreadId(_tracee.GetEventMessage());
            }

            if (status.IsSyscallStop && _tracee.IsAtSyscallExit())
            {
                return new RemoteResult(_tracee.GetRegisters().Result);
            }

            signal = status.SignalToDeliver;
        }
    }

    /// <summary>Makes the calls of a batch, as many as fit the table at a time. Only for processes under restore.</summary>
    public void Run(SyscallBatch batch, Gate gate, RemoteMemory memory)
    {
        Invariant.Require(_isOpen, "batch injected after the injection was closed");
        foreach (var table in batch.Tables())
        {
            _step($"inject {table.Count} calls into {_tracee.Thread}");
            memory.Write(gate.Data, table.Encode());
            GoAway(_home.AboutToRunBatch(gate.BatchCode, gate.Frame, gate.Data, table.Count, gate.TrapCode), _blocked);
            _tracee.Resume(Ptrace.PTRACE_CONT);
            var status = _tracee.Wait(_timeout);
            if (!status.IsStopped || status.StopSignal != Signal.SIGTRAP || status.Event != 0)
            {
                throw new EngineException(
                    EngineFailure.Failed, $"Thread {_tracee.Thread} under restore {status} while it made {table.Count} system calls, first {table.First}.");
            }

            table.Decode(memory, gate.Data);
        }
    }

    /// <summary>Makes the calls of a batch in a frozen thread.</summary>
    /// <param name="batch">The calls.</param>
    /// <param name="gate">Its gate.</param>
    /// <param name="memory">Its memory.</param>
    /// <param name="signal">What tells us that they were made (<see cref="QuietSignal"/>); 0: there is nothing, and we look at each call.</param>
    public void Run(SyscallBatch batch, Gate gate, RemoteMemory memory, int signal)
    {
        if (signal == 0)
        {
            foreach (var entry in batch.Entries)
            {
                entry.Result = Call(entry.Number, entry.Arguments);
                entry.Check();
            }

            return;
        }

        foreach (var table in batch.Tables())
        {
            _step($"inject {table.Count} calls into {_tracee.Thread}");
            memory.Write(gate.Data, table.Encode());
            var registers = _home.AboutToRunBatch(gate.BatchCode, gate.Frame, gate.Data, table.Count, gate.RaiseCode);
            GoAway(registers.ThenRaise(_tracee.Process, _tracee.Thread, signal), _blocked & ~(1ul << (signal - 1)));
            RunToSignal(signal, gate.Raised);
            table.Decode(memory, gate.Data);
        }
    }

    /// <summary>Puts the thread back where it should continue; a thread that died meanwhile is no error.</summary>
    public void Dispose()
    {
        if (!_isOpen)
        {
            return;
        }

        _isOpen = false;
        var isHome = false;
        try
        {
            isHome = !_isAway || TryComeHome();
        }
        finally
        {
            _closed?.Invoke(isHome);
        }
    }

    /// <summary>Lets the thread run until the signal stops it that it raises itself.</summary>
    private void RunToSignal(int signal, RemotePtr raised)
    {
        var toDeliver = 0;
        while (true)
        {
            _tracee.Resume(Ptrace.PTRACE_CONT, toDeliver);
            var status = _tracee.Wait(_timeout);
            if (status.IsDead)
            {
                throw new EngineException(
                    EngineFailure.NoSuchProcess, $"Thread {_tracee.Thread} of process {_tracee.Process} {status} during injected system calls.");
            }

            var isIt = status.IsSignalStop && status.StopSignal == signal;
            if (isIt && _tracee.GetRegisters().InstructionPointer == raised)
            {
                return;
            }

            // The same signal of somebody else would have gone unseen, too. Any other is one that cannot be blocked (SIGSTOP), and the job's.
            toDeliver = isIt ? 0 : status.SignalToDeliver;
        }
    }

    private void GoAway(in RegisterSet registers, ulong blocked)
    {
        _tracee.SetRegisters(registers);
        if (!_isAway || _blockedNow != blocked)
        {
            _isAway = true;
            _blockedNow = blocked;
            _tracee.SetSignalMask(blocked);
        }
    }

    private bool TryComeHome()
    {
        if (_tracee.IsGone)
        {
            return true;
        }

        try
        {
            _tracee.SetSignalMask(_homeMask);
            _tracee.SetRegisters(_home);
            return true;
        }
        catch (LinuxException exception) when (exception.Errno == Errno.ESRCH)
        {
            // Killed from outside while we held it: there is nothing left to put back. Or its call outlasted our patience: it will come home by itself.
            return ProcFs.IsDead(_tracee.Process, _tracee.Thread);
        }
    }
}
