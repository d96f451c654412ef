namespace Checkpointer.Engine.Arch.X64;

/// <summary>
/// Machine code of the gate page, through which system calls are injected.
/// </summary>
/// <remarks>
/// <c>Call</c>: one system call; behind it the road home, <c>rt_sigreturn</c>. Alive, the tracer stops at the syscall exit and puts the
/// registers back itself. Dead, the thread runs on, into <c>rt_sigreturn</c>, whose frame (<see cref="SignalFrame"/>) holds what the thread was doing.
/// <c>Batch</c>: a loop over a table of system calls that ends in a breakpoint; only for processes under restore, which die with us.
/// </remarks>
internal static class GateCode
{
    /// <summary>Offset of the single call.</summary>
    public const int CallOffset = 0;

    /// <summary>Offset of the batch loop.</summary>
    public const int BatchOffset = 32;

    /// <summary>Bytes of one entry of the batch table: number, six arguments, result; 8 bytes each.</summary>
    public const int BatchEntryBytes = 64;

    /// <summary>The page's content.</summary>
    public static ReadOnlySpan<byte> Bytes =>
    [
        0x0f, 0x05,                         // syscall
        0xb8, 0x0f, 0x00, 0x00, 0x00,       // mov eax, 15 (rt_sigreturn)
        0x0f, 0x05,                         // syscall
        0x0f, 0x0b,                         // ud2: not reached
        0xcc, 0xcc, 0xcc, 0xcc, 0xcc, 0xcc, 0xcc, 0xcc, 0xcc, 0xcc,
        0xcc, 0xcc, 0xcc, 0xcc, 0xcc, 0xcc, 0xcc, 0xcc, 0xcc, 0xcc, 0xcc,
        0x48, 0x8b, 0x03,                   // next: mov rax, [rbx]
        0x48, 0x8b, 0x7b, 0x08,             // mov rdi, [rbx+8]
        0x48, 0x8b, 0x73, 0x10,             // mov rsi, [rbx+16]
        0x48, 0x8b, 0x53, 0x18,             // mov rdx, [rbx+24]
        0x4c, 0x8b, 0x53, 0x20,             // mov r10, [rbx+32]
        0x4c, 0x8b, 0x43, 0x28,             // mov r8, [rbx+40]
        0x4c, 0x8b, 0x4b, 0x30,             // mov r9, [rbx+48]
        0x0f, 0x05,                         // syscall
        0x48, 0x89, 0x43, 0x38,             // mov [rbx+56], rax
        0x48, 0x83, 0xc3, 0x40,             // add rbx, 64
        0x49, 0xff, 0xcc,                   // dec r12
        0x75, 0xd6,                         // jnz next
        0xcc,                               // int3
    ];

    /// <summary>A system call instruction, as it is searched for in a job's own code.</summary>
    public static ReadOnlySpan<byte> SyscallInstruction => [0x0f, 0x05];
}
