using Checkpointer.Engine.Interop;
using Checkpointer.Engine.Support;

namespace Checkpointer.Engine.Arch.X64;

/// <summary>The general registers of one stopped thread, and what the rest of the engine needs to do with them.</summary>
internal struct RegisterSet
{
    /// <summary>The kernel's structure; only this folder names its members.</summary>
    internal user_regs_struct Raw;

    /// <summary>Bytes of a system call instruction, <c>0f 05</c>.</summary>
    internal const int SyscallInstructionBytes = 2;

    // Kernel-internal results that ask for a restart, linux/errno.h; seen only by a tracer.
    private const long ErestartSys = -512;
    private const long ErestartNoIntr = -513;
    private const long ErestartNoHand = -514;
    private const long ErestartRestartBlock = -516;

    /// <summary>Where the thread executes next.</summary>
    public readonly RemotePtr InstructionPointer => new(Raw.rip);

    /// <summary>Top of its stack.</summary>
    public readonly RemotePtr StackPointer => new(Raw.rsp);

    /// <summary>TLS base: in glibc and musl the address of the thread's control block, which lies above the stack that they allotted.</summary>
    public readonly RemotePtr ThreadPointer => new(Raw.fs_base);

    /// <summary>Result register, as a system call left it.</summary>
    public readonly long Result => unchecked((long)Raw.rax);

    /// <summary>True where the thread was interrupted inside a system call that the kernel would restart.</summary>
    public readonly bool IsInRestartableSyscall =>
        unchecked((long)Raw.orig_rax) >= 0
        && Result is ErestartSys or ErestartNoIntr or ErestartNoHand or ErestartRestartBlock;

    /// <summary>True where the restart depends on the kernel's restart block, which dies with the thread.</summary>
    public readonly bool NeedsRestartBlock => IsInRestartableSyscall && Result == ErestartRestartBlock;

    /// <summary>True where the thread, if it stands at a system call instruction, is about to make <c>restart_syscall</c>, which depends on the restart block, too.</summary>
    public readonly bool MayBeAboutToRestart => Result == (long)Sys.RestartSyscall;

    /// <summary>Number of the interrupted system call; meaningful where <see cref="IsInRestartableSyscall"/>.</summary>
    public readonly long InterruptedSyscall => unchecked((long)Raw.orig_rax);

    /// <summary>First argument of the interrupted call.</summary>
    public readonly ulong Argument1 => Raw.rdi;

    /// <summary>Second argument of the interrupted call.</summary>
    public readonly ulong Argument2 => Raw.rsi;

    /// <summary>Third argument of the interrupted call.</summary>
    public readonly ulong Argument3 => Raw.rdx;

    /// <summary>Fourth argument of the interrupted call.</summary>
    public readonly ulong Argument4 => Raw.r10;

    /// <summary>Fifth argument of the interrupted call.</summary>
    public readonly ulong Argument5 => Raw.r8;

    /// <summary>True where a system call was interrupted and the kernel will not restart it.</summary>
    public readonly bool EndedWithEintr => unchecked((long)Raw.orig_rax) >= 0 && Result == -(long)Errno.EINTR;

    /// <summary>These registers, continuing at another address.</summary>
    public readonly RegisterSet ContinuingAt(ulong address)
    {
        var changed = this;
        changed.Raw.rip = address;
        return changed;
    }

    /// <summary>These registers, about to make a system call at <paramref name="instruction"/> on the stack at <paramref name="stack"/>.</summary>
    public readonly RegisterSet AboutToCall(RemotePtr instruction, RemotePtr stack, Sys number, ReadOnlySpan<ulong> arguments)
    {
        var call = this;
        call.Raw.rip = instruction.Address;
        call.Raw.rsp = stack.Address;
        call.Raw.rax = (ulong)number;
        call.Raw.rdi = At(arguments, 0);
        call.Raw.rsi = At(arguments, 1);
        call.Raw.rdx = At(arguments, 2);
        call.Raw.r10 = At(arguments, 3);
        call.Raw.r8 = At(arguments, 4);
        call.Raw.r9 = At(arguments, 5);
        // Not inside a system call: the kernel must not apply restart rules to these registers.
        call.Raw.orig_rax = ulong.MaxValue;
        return call;
    }

    /// <summary>These registers, about to run the batch loop of <see cref="GateCode"/>, which goes on at <paramref name="end"/>.</summary>
    public readonly RegisterSet AboutToRunBatch(RemotePtr code, RemotePtr stack, RemotePtr table, int count, RemotePtr end)
    {
        var batch = this;
        batch.Raw.rip = code.Address;
        batch.Raw.rsp = stack.Address;
        batch.Raw.rbx = table.Address;
        batch.Raw.r12 = (ulong)count;
        batch.Raw.r13 = end.Address;
        batch.Raw.orig_rax = ulong.MaxValue;
        return batch;
    }

    /// <summary>These registers, with what the end of a batch needs that raises a signal.</summary>
    public readonly RegisterSet ThenRaise(ProcessId process, ThreadId thread, int signal)
    {
        var raise = this;
        raise.Raw.r14 = (ulong)process.Value;
        raise.Raw.r15 = (ulong)thread.Value;
        raise.Raw.rbp = (ulong)signal;
        return raise;
    }

    /// <summary>These registers, about to run <see cref="InitCode"/>.</summary>
    public readonly RegisterSet AboutToBeInit(RemotePtr code, int root)
    {
        var init = this;
        init.Raw.rip = code.Address;
        init.Raw.r12 = (ulong)root;
        init.Raw.orig_rax = ulong.MaxValue;
        return init;
    }

    /// <summary>These registers with the thread pointer (TLS base) of another set.</summary>
    public readonly RegisterSet WithThreadPointerOf(in RegisterSet other)
    {
        var changed = this;
        changed.Raw.fs_base = other.Raw.fs_base;
        changed.Raw.gs_base = other.Raw.gs_base;
        return changed;
    }

    /// <summary>
    /// These registers with an interrupted system call turned back into one that is about to be made, so that they mean the
    /// same in a thread without the kernel's memory of it.
    /// </summary>
    /// <param name="number">Call to make again; the interrupted one, or the one that <c>restart_syscall</c> stood for.</param>
    public readonly RegisterSet Rewound(long number)
    {
        var rewound = this;
        rewound.Raw.rax = (ulong)number;
        rewound.Raw.rip = Raw.rip - SyscallInstructionBytes;
        rewound.Raw.orig_rax = ulong.MaxValue;
        return rewound;
    }

    /// <summary>These registers of a thread that is about to make <c>restart_syscall</c>, as they were in the call for which the kernel put it back. The number of that call is
    /// still there where the thread has not been in its own code since.</summary>
    public readonly RegisterSet BackInCall()
    {
        var back = this;
        back.Raw.rax = unchecked((ulong)ErestartRestartBlock);
        back.Raw.rip = Raw.rip + SyscallInstructionBytes;
        back.Raw.orig_rax = InterruptedSyscall >= 0 ? Raw.orig_rax : (ulong)Sys.RestartSyscall;
        return back;
    }

    /// <summary>These registers, with the interrupted call ended by an error.</summary>
    public readonly RegisterSet EndedWith(Errno error)
    {
        var ended = this;
        ended.Raw.rax = unchecked((ulong)-(long)error);
        ended.Raw.orig_rax = ulong.MaxValue;
        return ended;
    }

    /// <summary>These registers, outside any system call.</summary>
    public readonly RegisterSet OutsideSyscall()
    {
        var outside = this;
        outside.Raw.orig_rax = ulong.MaxValue;
        return outside;
    }

    /// <summary>The same, with the first argument replaced.</summary>
    public readonly RegisterSet WithArgument1(ulong value)
    {
        var changed = this;
        changed.Raw.rdi = value;
        return changed;
    }

    /// <summary>The same, with the third argument replaced.</summary>
    public readonly RegisterSet WithArgument3(ulong value)
    {
        var changed = this;
        changed.Raw.rdx = value;
        return changed;
    }

    private static ulong At(ReadOnlySpan<ulong> arguments, int index) => index < arguments.Length ? arguments[index] : 0;
}
