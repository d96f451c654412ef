namespace Checkpointer.Engine.Arch.X64;

/// <summary>
/// Machine code of the first process of a private PID namespace. It waits for whatever child ends, and ends when it has none left, with the status of the
/// job's first process: its exit code, or 128 and the signal that ended it. The kernel ends whoever is left in a PID namespace with its first process, so it
/// must outlive the job. Signals without a handler do not reach it (pid_namespaces(7)).
/// </summary>
internal static class InitCode
{
    /// <summary>The code. r12 holds the PID of the job's first process.</summary>
    public static ReadOnlySpan<byte> Bytes =>
    [
        0x45, 0x31, 0xed,                         // xor r13d, r13d: the status
        0x48, 0x83, 0xcf, 0xff,                   // next: or rdi, -1
        0x48, 0x8d, 0x74, 0x24, 0xf0,             // lea rsi, [rsp-16]
        0xba, 0x00, 0x00, 0x00, 0x40,             // mov edx, __WALL
        0x45, 0x31, 0xd2,                         // xor r10d, r10d
        0xb8, 0x3d, 0x00, 0x00, 0x00,             // mov eax, 61 (wait4)
        0x0f, 0x05,                               // syscall
        0x4c, 0x39, 0xe0,                         // cmp rax, r12
        0x74, 0x10,                               // je root
        0x48, 0x83, 0xf8, 0xf6,                   // cmp rax, -ECHILD
        0x75, 0xdd,                               // jne next
        0x44, 0x89, 0xef,                         // mov edi, r13d
        0xb8, 0xe7, 0x00, 0x00, 0x00,             // mov eax, 231 (exit_group)
        0x0f, 0x05,                               // syscall
        0x8b, 0x4c, 0x24, 0xf0,                   // root: mov ecx, [rsp-16]
        0x44, 0x0f, 0xb6, 0x6c, 0x24, 0xf1,       // movzx r13d, byte [rsp-15]
        0x83, 0xe1, 0x7f,                         // and ecx, 0x7f
        0x74, 0xc4,                               // je next
        0x44, 0x8d, 0xa9, 0x80, 0x00, 0x00, 0x00, // lea r13d, [rcx+128]
        0xeb, 0xbb,                               // jmp next
    ];
}
