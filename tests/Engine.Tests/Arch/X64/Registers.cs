using System.Runtime.InteropServices;
using Checkpointer.Engine.Arch.X64;
using Checkpointer.Engine.Interop;

namespace Checkpointer.Engine.Tests.Arch.X64;

/// <summary>Register sets of threads that stopped in a system call.</summary>
internal static class Registers
{
    public const ulong CodeAddress = 0x401000;
    public const ulong NoCall = ulong.MaxValue;

    /// <summary>Stopped behind the instruction of a call, with the arguments 1 to 6 in the argument registers.</summary>
    public static RegisterSet Interrupted(long number, long result, params ReadOnlySpan<ulong> arguments)
    {
        var set = new RegisterSet().AboutToCall(new(CodeAddress), new(0x7ffe0000), 0, arguments);
        set.Raw.orig_rax = unchecked((ulong)number);
        set.Raw.rax = unchecked((ulong)result);
        return set;
    }

    /// <summary>Every member different and none zero; segment selectors fit their 16 bits.</summary>
    public static RegisterSet AllDifferent()
    {
        var set = new RegisterSet();
        var words = MemoryMarshal.Cast<user_regs_struct, ulong>(new Span<user_regs_struct>(ref set.Raw));
        for (var index = 0; index < words.Length; index++)
        {
            words[index] = 0x0101_0101_0101ul * (ulong)(index + 1);
        }

        (set.Raw.cs, set.Raw.ss, set.Raw.fs, set.Raw.gs) = (0x33, 0x2b, 0x53, 0x63);
        set.Raw.orig_rax = NoCall;
        return set;
    }
}
