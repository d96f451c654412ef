using Checkpointer.Engine.Arch.X64;
using Checkpointer.Engine.Interop;
using Checkpointer.Engine.Support;

namespace Checkpointer.Engine.Tracing;

/// <summary>One thread of a frozen job, with what it was doing when it stopped.</summary>
internal sealed class FrozenThread
{
    private FrozenThread(Tracee tracee, RegisterSet registers, ulong signalMask, ptrace_rseq_configuration rseq)
    {
        Tracee = tracee;
        Home = registers;
        SignalMask = signalMask;
        Rseq = rseq;
    }

    /// <summary>The stopped thread.</summary>
    public Tracee Tracee { get; }

    /// <summary>Thread ID.</summary>
    public ThreadId Id => Tracee.Thread;

    /// <summary>Registers that it continues with at the thaw.</summary>
    public RegisterSet Home { get; }

    /// <summary>Blocked signals.</summary>
    public ulong SignalMask { get; }

    /// <summary>Its restartable-sequences registration.</summary>
    public ptrace_rseq_configuration Rseq { get; }

    /// <summary>Reads the state of a thread that has just stopped.</summary>
    public static FrozenThread Capture(Tracee tracee, RemoteMemory memory)
    {
        var registers = SyscallRestart.WithoutInterruption(tracee.GetRegisters());
        var rseq = tracee.GetRseqConfiguration();
        return new FrozenThread(tracee, RseqSection.Abort(registers, rseq, memory), tracee.GetSignalMask(), rseq);
    }

    /// <summary>Puts the registers to where the thread continues; they differ from those at the stop where it was in a restartable sequence
    /// or in a wait that must not notice us.</summary>
    public void SendHome()
    {
        if (!Tracee.IsGone)
        {
            Tracee.SetRegisters(Home);
        }
    }
}
