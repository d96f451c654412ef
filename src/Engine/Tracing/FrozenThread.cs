using Checkpointer.Engine.Arch.X64;
using Checkpointer.Engine.Interop;
using Checkpointer.Engine.Support;

namespace Checkpointer.Engine.Tracing;

/// <summary>One thread of a frozen job, with what it was doing when it stopped.</summary>
internal sealed class FrozenThread
{
    private FrozenThread(Tracee tracee, RegisterSet registers, (RegisterSet Registers, bool EndsEarly) selfContained, ulong signalMask, ptrace_rseq_configuration rseq)
    {
        Tracee = tracee;
        Home = registers;
        (SelfContained, EndsCallEarly) = selfContained;
        SignalMask = signalMask;
        Rseq = rseq;
    }

    /// <summary>The stopped thread.</summary>
    public Tracee Tracee { get; }

    /// <summary>Thread ID.</summary>
    public ThreadId Id => Tracee.Thread;

    /// <summary>Registers that it continues with at the thaw.</summary>
    public RegisterSet Home { get; }

    /// <summary>The same without what the kernel remembers of an interrupted call: for the image, and for a thread that gets home by a signal frame, because we died.
    /// The kernel then restarts nothing, so the call is made again, with the time that was left where the kernel told it and else with all of it. A sleep
    /// gets longer and never ends early.</summary>
    public RegisterSet SelfContained { get; }

    /// <summary>True where <see cref="SelfContained"/> has to end the interrupted call with EINTR, because its number is not known.</summary>
    public bool EndsCallEarly { get; }

    /// <summary>Blocked signals.</summary>
    public ulong SignalMask { get; }

    /// <summary>Its restartable-sequences registration.</summary>
    public ptrace_rseq_configuration Rseq { get; }

    /// <summary>Reads the state of a thread that has just stopped.</summary>
    public static FrozenThread Capture(Tracee tracee, RemoteMemory memory)
    {
        Leftovers.LetHome(tracee);
        var registers = SyscallRestart.WithoutInterruption(tracee.GetRegisters());
        var rseq = tracee.GetRseqConfiguration();
        var home = RseqSection.Abort(registers, rseq, memory);
        var interrupted = SyscallRestart.BackInCall(home, CodeAt(home, memory));
        var selfContained = SyscallRestart.SelfContained(interrupted, CodeBefore(interrupted, memory), tracee.WaitChannel, out var endsEarly);
        return new FrozenThread(tracee, home, (selfContained, endsEarly), tracee.GetSignalMask(), rseq);
    }

    /// <summary>Puts the registers to where the thread continues; they differ from those at the stop where it was in a restartable sequence
    /// or in a wait that must not notice us.</summary>
    public void SendHome()
    {
        if (Tracee.IsGone)
        {
            return;
        }

        // Only after an injected call that outlasted our patience, and has ended since.
        if (Tracee.GetSignalMask() != SignalMask)
        {
            Tracee.SetSignalMask(SignalMask);
        }

        Tracee.SetRegisters(Home);
    }

    private static byte[] CodeAt(RegisterSet registers, RemoteMemory memory)
    {
        var code = new byte[RegisterSet.SyscallInstructionBytes];
        return registers.MayBeAboutToRestart && memory.TryRead(registers.InstructionPointer, code) == code.Length ? code : [];
    }

    private static byte[] CodeBefore(RegisterSet registers, RemoteMemory memory)
    {
        var code = new byte[SyscallRestart.CodeBytesBefore];
        var start = registers.InstructionPointer - RegisterSet.SyscallInstructionBytes - SyscallRestart.CodeBytesBefore;
        return registers.NeedsRestartBlock && memory.TryRead(start, code) == code.Length ? code : [];
    }
}
