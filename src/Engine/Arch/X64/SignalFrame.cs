using System.Buffers.Binary;
using Checkpointer.Engine.Support;

namespace Checkpointer.Engine.Arch.X64;

/// <summary>
/// The rt_sigframe that leads an injected thread home when its tracer dies: <c>rt_sigreturn</c> takes registers, extended state
/// and signal mask from it. Layout: arch/x86/include/uapi/asm/sigcontext.h and ucontext.h.
/// </summary>
internal static class SignalFrame
{
    /// <summary>Bytes of the address before the frame.</summary>
    public const int ReturnAddressBytes = 8;

    /// <summary>Room for the largest frame: ucontext and 11 KiB of XSTATE with AMX.</summary>
    public const int BytesMax = 16 * 1024;

    // Below it a function without calls keeps variables; signal handlers start below it too (System V ABI of x86-64).
    private const ulong RedZoneBytes = 128;
    private const int ContextBytes = 304 + 8;
    private const int FloatingPointAlignment = 64;

    // UC_FP_XSTATE | UC_SIGCONTEXT_SS | UC_STRICT_RESTORE_SS
    private const ulong ContextFlags = 7;

    // An invalid mode: the kernel then leaves the thread's alternate stack as it is (restore_altstack squashes EINVAL).
    private const int KeepAlternateStack = 0x7f;

    // The software-reserved bytes of the FXSAVE area, struct _fpx_sw_bytes.
    private const int SoftwareBytesOffset = 464;
    private const uint FirstMagic = 0x46505853;
    private const uint SecondMagic = 0x46505845;

    /// <summary>Where a frame can lie below what a thread has on its stack; the 8 bytes before it are free too, for the address of
    /// <c>rt_sigreturn</c>.</summary>
    public static RemotePtr PlaceBelow(RemotePtr stackPointer, int extendedStateBytes)
    {
        var end = (stackPointer - RedZoneBytes - (ulong)BytesOf(extendedStateBytes)).Address;
        return new RemotePtr(end - (end % FloatingPointAlignment));
    }

    /// <summary>The frame, and before it the address that <c>ret</c> takes, as the kernel leaves it for a signal handler.</summary>
    /// <param name="home">Registers to go on with, outside any interrupted call (<see cref="SyscallRestart"/>).</param>
    /// <param name="extendedState">NT_X86_XSTATE as ptrace gave it.</param>
    /// <param name="signalMask">Blocked signals at the freeze.</param>
    /// <param name="target">Where the frame will lie; the address lies 8 bytes before it.</param>
    /// <param name="sigreturn">Code that calls <c>rt_sigreturn</c>.</param>
    public static byte[] BuildReturning(RegisterSet home, ReadOnlySpan<byte> extendedState, ulong signalMask, RemotePtr target, RemotePtr sigreturn)
    {
        var bytes = new byte[ReturnAddressBytes + BytesOf(extendedState.Length)];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, sigreturn.Address);
        Build(home, extendedState, signalMask, target).CopyTo(bytes, ReturnAddressBytes);
        return bytes;
    }

    /// <summary>Builds the frame for a thread that should continue with <paramref name="home"/>.</summary>
    /// <param name="home">Registers to go on with, outside any interrupted call (<see cref="SyscallRestart"/>).</param>
    /// <param name="extendedState">NT_X86_XSTATE as ptrace gave it.</param>
    /// <param name="signalMask">Blocked signals at the freeze.</param>
    /// <param name="target">Where the frame will lie; 64-byte aligned. It is also the stack pointer to inject with.</param>
    public static byte[] Build(RegisterSet home, ReadOnlySpan<byte> extendedState, ulong signalMask, RemotePtr target)
    {
        Invariant.Require(target.Address % FloatingPointAlignment == 0, "signal frame is not aligned");
        Invariant.Require(!home.IsInRestartableSyscall, "sigreturn restarts no system call");
        var floatingPoint = RoundUp(ContextBytes, FloatingPointAlignment);
        var frame = new byte[BytesOf(extendedState.Length)];
        Invariant.Require(frame.Length <= BytesMax, "signal frame is larger than its room");
        WriteContext(frame, home, signalMask, (target + (ulong)floatingPoint).Address);
        WriteExtendedState(frame.AsSpan(floatingPoint), extendedState);
        return frame;
    }

    private static void WriteContext(Span<byte> frame, RegisterSet home, ulong signalMask, ulong floatingPoint)
    {
        var raw = home.Raw;
        ReadOnlySpan<ulong> words =
        [
            ContextFlags, 0,
            0, KeepAlternateStack, 0,
            raw.r8, raw.r9, raw.r10, raw.r11, raw.r12, raw.r13, raw.r14, raw.r15,
            raw.rdi, raw.rsi, raw.rbp, raw.rbx, raw.rdx, raw.rax, raw.rcx, raw.rsp, raw.rip, raw.eflags,
            raw.cs | (raw.gs << 16) | (raw.fs << 32) | (raw.ss << 48),
            0, 0, 0, 0,
            floatingPoint, 0, 0, 0, 0, 0, 0, 0, 0,
            signalMask,
        ];
        for (var index = 0; index < words.Length; index++)
        {
            BinaryPrimitives.WriteUInt64LittleEndian(frame[(index * sizeof(ulong))..], words[index]);
        }
    }

    private static void WriteExtendedState(Span<byte> target, ReadOnlySpan<byte> extendedState)
    {
        extendedState.CopyTo(target);
        var bytes = ExtendedState.BytesInUse(extendedState);
        var features = ExtendedState.Enabled(extendedState);
        var software = target.Slice(SoftwareBytesOffset, 48);
        software.Clear();
        BinaryPrimitives.WriteUInt32LittleEndian(software, FirstMagic);
        BinaryPrimitives.WriteInt32LittleEndian(software[4..], bytes + sizeof(uint));
        BinaryPrimitives.WriteUInt64LittleEndian(software[8..], features);
        BinaryPrimitives.WriteInt32LittleEndian(software[16..], bytes);
        // Linux 6.8 and newer look for it behind the size that the thread has room for, which ptrace does not tell: it is one of these two.
        BinaryPrimitives.WriteUInt32LittleEndian(target[bytes..], SecondMagic);
        BinaryPrimitives.WriteUInt32LittleEndian(target[extendedState.Length..], SecondMagic);
    }

    private static int BytesOf(int extendedStateBytes) => RoundUp(ContextBytes, FloatingPointAlignment) + extendedStateBytes + sizeof(uint);

    private static int RoundUp(int value, int alignment) => (value + alignment - 1) / alignment * alignment;
}
