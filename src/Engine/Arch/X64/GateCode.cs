namespace Checkpointer.Engine.Arch.X64;

/// <summary>
/// Machine code of the gate page, through which system calls are injected.
/// </summary>
/// <remarks>
/// <c>Call</c>: one system call; behind it the road home, <c>rt_sigreturn</c>. Alive, the tracer stops at the syscall exit and puts the
/// registers back itself. Dead, the thread runs on, into <c>rt_sigreturn</c>, whose frame (<see cref="SignalFrame"/>) holds what the thread was doing.
/// <c>Take</c>: one system call that opens a descriptor, and the close of it before the road home: the tracer takes a duplicate between the two.
/// <c>Copy</c>: a clone without CLONE_VM; the only path of the child is <c>exit_group</c>, so it never runs as a second job.
/// <c>Batch</c>: a loop over a table of system calls, behind which one of two ends follows. <c>Trap</c>: a breakpoint; only for processes under restore, which die with us.
/// <c>Raise</c>: the thread sends itself a signal, which stops it for its tracer. Dead, nobody sees the signal (<c>QuietSignal</c>), and the road home lies behind it.
/// </remarks>
internal static class GateCode
{
    /// <summary>Offset of the single call.</summary>
    public const int CallOffset = 0;

    /// <summary>Offset of the batch loop.</summary>
    public const int BatchOffset = 32;

    /// <summary>Offset of the end of a batch that traps.</summary>
    public const int TrapOffset = 80;

    /// <summary>Offset of the end of a batch that raises a signal.</summary>
    public const int RaiseOffset = 96;

    /// <summary>Offset at which a thread stands when the signal that it raised stops it.</summary>
    public const int RaisedOffset = RaiseOffset + 16;

    /// <summary>Offset of the call whose descriptor is taken.</summary>
    public const int TakeOffset = 128;

    /// <summary>Offset of the clone.</summary>
    public const int CopyOffset = 160;

    /// <summary>Offset of <see cref="Mark"/>. It and the mark stay in all versions: a gate may be left behind by an older one.</summary>
    public const int MarkOffset = 256;

    /// <summary>Bytes of one entry of the batch table: number, six arguments, result; 8 bytes each.</summary>
    public const int BatchEntryBytes = 64;

    /// <summary>Exit code of a copy that lost its tracer before it was killed.</summary>
    public const int CopyExitCode = 0xc4;

    private const byte Breakpoint = 0xcc;

    private static readonly byte[] _bytes = Build();

    /// <summary>The page's content.</summary>
    public static ReadOnlySpan<byte> Bytes => _bytes;

    /// <summary>Text behind the code, by which a gate that was left behind is known.</summary>
    public static ReadOnlySpan<byte> Mark => "checkpointer gate"u8;

    /// <summary>A system call instruction, as it is searched for in a job's own code.</summary>
    public static ReadOnlySpan<byte> SyscallInstruction => [0x0f, 0x05];

    private static ReadOnlySpan<byte> Call =>
    [
        0x0f, 0x05,                         // syscall
        0xb8, 0x0f, 0x00, 0x00, 0x00,       // mov eax, 15 (rt_sigreturn)
        0x0f, 0x05,                         // syscall
        0x0f, 0x0b,                         // ud2: not reached
    ];

    private static ReadOnlySpan<byte> Batch =>
    [
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
        0x41, 0xff, 0xe5,                   // jmp r13: the end
    ];

    private static ReadOnlySpan<byte> Trap =>
    [
        Breakpoint,                         // int3
    ];

    private static ReadOnlySpan<byte> Raise =>
    [
        0x4c, 0x89, 0xf7,                   // mov rdi, r14: process
        0x4c, 0x89, 0xfe,                   // mov rsi, r15: thread
        0x48, 0x89, 0xea,                   // mov rdx, rbp: signal
        0xb8, 0xea, 0x00, 0x00, 0x00,       // mov eax, 234 (tgkill)
        0x0f, 0x05,                         // syscall
        0xb8, 0x0f, 0x00, 0x00, 0x00,       // mov eax, 15 (rt_sigreturn)
        0x0f, 0x05,                         // syscall
        0x0f, 0x0b,                         // ud2: not reached
    ];

    private static ReadOnlySpan<byte> Take =>
    [
        0x0f, 0x05,                         // syscall
        0x89, 0xc7,                         // mov edi, eax: an error is no open descriptor either, and its close fails
        0xb8, 0x03, 0x00, 0x00, 0x00,       // mov eax, 3 (close)
        0x0f, 0x05,                         // syscall
        0xb8, 0x0f, 0x00, 0x00, 0x00,       // mov eax, 15 (rt_sigreturn)
        0x0f, 0x05,                         // syscall
        0x0f, 0x0b,                         // ud2: not reached
    ];

    private static ReadOnlySpan<byte> Copy =>
    [
        0x0f, 0x05,                         // syscall (clone)
        0x85, 0xc0,                         // test eax, eax
        0x74, 0x09,                         // jz child
        0xb8, 0x0f, 0x00, 0x00, 0x00,       // mov eax, 15 (rt_sigreturn)
        0x0f, 0x05,                         // syscall
        0x0f, 0x0b,                         // ud2: not reached
        0xbf, CopyExitCode, 0x00, 0x00, 0x00, // child: mov edi, 0xc4
        0xb8, 0xe7, 0x00, 0x00, 0x00,       // mov eax, 231 (exit_group)
        0x0f, 0x05,                         // syscall
        0x0f, 0x0b,                         // ud2: not reached
    ];

    private static byte[] Build()
    {
        var bytes = new byte[MarkOffset + Mark.Length];
        bytes.AsSpan().Fill(Breakpoint);
        Call.CopyTo(bytes.AsSpan(CallOffset));
        Batch.CopyTo(bytes.AsSpan(BatchOffset));
        Trap.CopyTo(bytes.AsSpan(TrapOffset));
        Raise.CopyTo(bytes.AsSpan(RaiseOffset));
        Take.CopyTo(bytes.AsSpan(TakeOffset));
        Copy.CopyTo(bytes.AsSpan(CopyOffset));
        Mark.CopyTo(bytes.AsSpan(MarkOffset));
        return bytes;
    }
}
