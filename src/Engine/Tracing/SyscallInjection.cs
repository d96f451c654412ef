using Checkpointer.Engine.Arch.X64;
using Checkpointer.Engine.Interop;
using Checkpointer.Engine.Support;

namespace Checkpointer.Engine.Tracing;

/// <summary>
/// System calls made by a stopped thread of the job on our behalf. While open, all signals of the thread are blocked; disposing puts back
/// the signal mask and the registers that the thread should continue with.
/// </summary>
internal sealed class SyscallInjection : IDisposable
{
    // Everything but SIGTRAP, which ends a batch; forcing a blocked SIGTRAP would reset its handler.
    private const ulong AllButTrap = ~(1ul << (Signal.SIGTRAP - 1));

    private readonly Tracee _tracee;
    private readonly RegisterSet _home;
    private readonly ulong _homeMask;
    private readonly RemotePtr _instruction;
    private readonly RemotePtr _stack;
    private readonly TimeSpan _timeout;
    private readonly Action<string> _step;
    private bool _isOpen = true;

    private SyscallInjection(
        Tracee tracee, RegisterSet home, ulong homeMask, RemotePtr instruction, RemotePtr stack, TimeSpan timeout, Action<string> step)
    {
        _tracee = tracee;
        _home = home;
        _homeMask = homeMask;
        _instruction = instruction;
        _stack = stack;
        _timeout = timeout;
        _step = step;
        tracee.SetSignalMask(AllButTrap);
    }

    /// <summary>The thread that makes the calls.</summary>
    public Tracee Tracee => _tracee;

    /// <summary>Injects through a system call instruction that the process has anyway; there is no road home but the tracer.</summary>
    public static SyscallInjection Through(
        RemotePtr instruction, Tracee tracee, in RegisterSet home, ulong homeMask, TimeSpan timeout, Action<string> step) =>
        new(tracee, home, homeMask, instruction, home.StackPointer, timeout, step);

    /// <summary>Injects through the gate.</summary>
    public static SyscallInjection Through(
        Gate gate, Tracee tracee, in RegisterSet home, ulong homeMask, TimeSpan timeout, Action<string> step) =>
        new(tracee, home, homeMask, gate.CallCode, gate.Frame, timeout, step);

    /// <summary>Makes one call.</summary>
    public RemoteResult Call(Sys number, params ReadOnlySpan<ulong> arguments)
    {
        Invariant.Require(_isOpen, "system call injected after the injection was closed");
        _step($"inject {number} into {_tracee.Thread}");
        _tracee.SetRegisters(_home.AboutToCall(_instruction, _stack, number, arguments));
        do
        {
            _tracee.Resume(Ptrace.PTRACE_SYSCALL);
        }
        while (!HasReachedExit(number));
        return new RemoteResult(_tracee.GetRegisters().Result);
    }

    /// <summary>Makes the calls of a batch, as many as fit the table at a time. Only for processes under restore.</summary>
    public void Run(SyscallBatch batch, Gate gate, RemoteMemory memory)
    {
        Invariant.Require(_isOpen, "batch injected after the injection was closed");
        foreach (var table in batch.Tables())
        {
            _step($"inject {table.Count} calls into {_tracee.Thread}");
            memory.Write(gate.Data, table.Encode());
            _tracee.SetRegisters(_home.AboutToRunBatch(gate.BatchCode, gate.Frame, gate.Data, table.Count));
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

    /// <summary>Puts the thread back where it should continue; a thread that died meanwhile is no error.</summary>
    public void Dispose()
    {
        if (!_isOpen)
        {
            return;
        }

        _isOpen = false;
        if (_tracee.IsGone)
        {
            return;
        }

        try
        {
            _tracee.SetRegisters(_home);
            _tracee.SetSignalMask(_homeMask);
        }
        catch (LinuxException exception) when (exception.Errno == Errno.ESRCH)
        {
            // Killed from outside while we held it: there is nothing left to put back.
        }
    }

    private bool HasReachedExit(Sys number)
    {
        var status = _tracee.Wait(_timeout);
        if (status.IsDead)
        {
            throw new EngineException(
                EngineFailure.NoSuchProcess, $"Thread {_tracee.Thread} of process {_tracee.Process} {status} during an injected {number}.");
        }

        return status.IsSyscallStop && _tracee.IsAtSyscallExit();
    }
}
