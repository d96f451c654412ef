using System.Buffers.Binary;
using Checkpointer.Engine.Interop;

namespace Checkpointer.Engine.Arch.X64;

/// <summary>
/// Turns a system call that the freeze interrupted into one that the thread makes again with nothing but its registers.
/// </summary>
/// <remarks>
/// A live thread is restarted by the kernel itself. A restored one, or one that comes home by a signal frame, has only its registers:
/// -ERESTARTSYS, -ERESTARTNOINTR and -ERESTARTNOHAND are answered by making the same call again (no handler ran).
/// -ERESTART_RESTARTBLOCK needs what the kernel remembered. A relative sleep with a remainder pointer is made again with the remainder, which the
/// kernel wrote there when it was interrupted; other relative waits (poll, futex, a sleep without that pointer) start their time-out over. After an
/// earlier freeze the register says <c>restart_syscall</c>; the real number is then read from the code before the instruction, or told from the
/// kernel function that the thread slept in: only nanosleep, clock_nanosleep, poll and futex use a restart block.
/// A thread that was thawed and does not get to run stands between the two: the kernel has put it back to the instruction, to make
/// <c>restart_syscall</c>, and it has not made it.
/// </remarks>
internal static class SyscallRestart
{
    // mov eax, imm32 (b8) or mov rax, simm32 (48 c7 c0) directly before the syscall instruction: what compilers and libcs emit.
    private const int MovEaxBytes = 5;
    private const int MovRaxBytes = 7;
    private const int SyscallNumberMax = 1024;

    // vm.mmap_min_addr of all distributions.
    private const ulong LowestAddress = 65536;

    /// <summary>Bytes of code before the syscall instruction that <see cref="SelfContained"/> wants to see.</summary>
    public const int CodeBytesBefore = MovRaxBytes;

    /// <summary>Takes back what the kernel did to a thread that is about to make <c>restart_syscall</c>; others are as they were.</summary>
    /// <param name="frozen">Registers at the freeze.</param>
    /// <param name="codeAt">Code where the thread goes on; empty where unreadable.</param>
    public static RegisterSet BackInCall(RegisterSet frozen, ReadOnlySpan<byte> codeAt) =>
        frozen.MayBeAboutToRestart && codeAt.SequenceEqual(GateCode.SyscallInstruction) ? frozen.BackInCall() : frozen;

    /// <summary>The registers without what the kernel remembers.</summary>
    /// <param name="frozen">Registers at the freeze, of <see cref="BackInCall"/>.</param>
    /// <param name="codeBefore">The <see cref="CodeBytesBefore"/> bytes before the syscall instruction, or empty where unreadable.</param>
    /// <param name="waitChannel">Kernel function that the thread slept in; empty where unknown.</param>
    /// <param name="endsEarly">True where the call had to be ended with EINTR, because its number is not known.</param>
    public static RegisterSet SelfContained(RegisterSet frozen, ReadOnlySpan<byte> codeBefore, string waitChannel, out bool endsEarly)
    {
        endsEarly = false;
        if (!frozen.IsInRestartableSyscall)
        {
            return frozen.OutsideSyscall();
        }

        var number = frozen.InterruptedSyscall;
        if (!frozen.NeedsRestartBlock)
        {
            return frozen.Rewound(number);
        }

        if (number == (long)Sys.RestartSyscall)
        {
            number = NumberInCode(codeBefore) is >= 0 and var inCode ? inCode : NumberOf(waitChannel, frozen);
        }

        if (number < 0)
        {
            endsEarly = true;
            return frozen.EndedWith(Errno.EINTR);
        }

        return WithRemainder(frozen.Rewound(number), number);
    }

    /// <summary>
    /// Makes our interruption invisible to a thread that waits without a time limit in one of the calls that the kernel ends with EINTR instead of
    /// restarting them (signal(7)). With a time limit the EINTR stays: restarted, the wait would start over at each dump and might never end.
    /// </summary>
    public static RegisterSet WithoutInterruption(RegisterSet frozen)
    {
        if (!frozen.EndedWithEintr)
        {
            return frozen;
        }

        var waitsForEver = frozen.InterruptedSyscall switch
        {
            (long)Sys.EpollWait or (long)Sys.EpollPwait => unchecked((int)frozen.Argument4) < 0,
            (long)Sys.RtSigtimedwait => frozen.Argument3 == 0,
            (long)Sys.Semop => true,
            (long)Sys.Semtimedop or (long)Sys.EpollPwait2 => frozen.Argument4 == 0,
            (long)Sys.IoGetevents => frozen.Argument5 == 0,
            _ => false,
        };
        return waitsForEver ? frozen.Rewound(frozen.InterruptedSyscall) : frozen;
    }

    private static RegisterSet WithRemainder(RegisterSet rewound, long number)
    {
        var remainder = number switch
        {
            (long)Sys.Nanosleep => rewound.Argument2,
            (long)Sys.ClockNanosleep => rewound.Argument4,
            _ => 0ul,
        };
        if (remainder == 0)
        {
            return rewound;
        }

        return number == (long)Sys.Nanosleep ? rewound.WithArgument1(remainder) : rewound.WithArgument3(remainder);
    }

    private static long NumberOf(string waitChannel, RegisterSet frozen)
    {
        if (waitChannel.Contains("futex", StringComparison.Ordinal))
        {
            return (long)Sys.Futex;
        }

        if (waitChannel.Contains("poll", StringComparison.Ordinal))
        {
            return (long)Sys.Poll;
        }

        if (waitChannel.Contains("nanosleep", StringComparison.Ordinal))
        {
            // The first argument is a small clock number of the one, the address of the time of the other.
            return frozen.Argument1 < LowestAddress ? (long)Sys.ClockNanosleep : (long)Sys.Nanosleep;
        }

        return -1;
    }

    private static long NumberInCode(ReadOnlySpan<byte> codeBefore)
    {
        if (codeBefore.Length < MovRaxBytes)
        {
            return -1;
        }

        var candidate = codeBefore[^MovEaxBytes] == 0xb8
            || (codeBefore[^MovRaxBytes] == 0x48 && codeBefore[^6] == 0xc7 && codeBefore[^5] == 0xc0)
            ? BinaryPrimitives.ReadInt32LittleEndian(codeBefore[^4..])
            : -1;
        return candidate is >= 0 and < SyscallNumberMax ? candidate : -1;
    }
}
