namespace Checkpointer.Engine.Arch.X64;

/// <summary>
/// Pieces of code that a program has anyway and that lead an injected thread home: a system call that returns to the address on the stack, and
/// <c>rt_sigreturn</c> to return to. libc has the one in its shortest wrappers (<c>getpid</c>) and the other behind every signal handler.
/// </summary>
internal static class GadgetCode
{
    /// <summary>Longest pattern.</summary>
    public const int BytesMax = 9;

    /// <summary><c>syscall; ret</c>.</summary>
    public static ReadOnlySpan<byte> CallAndReturn => [0x0f, 0x05, 0xc3];

    /// <summary>Offset of <see cref="CallAndReturn"/>, -1 where there is none.</summary>
    public static int IndexOfCallAndReturn(ReadOnlySpan<byte> code) => code.IndexOf(CallAndReturn);

    /// <summary>Offset of a call of <c>rt_sigreturn</c>, -1 where there is none. It need not start an instruction of the program's own.</summary>
    public static int IndexOfSigreturn(ReadOnlySpan<byte> code)
    {
        // mov rax, 15; syscall (glibc, musl, Go) and mov eax, 15; syscall
        var index = code.IndexOf((ReadOnlySpan<byte>)[0x48, 0xc7, 0xc0, 0x0f, 0x00, 0x00, 0x00, 0x0f, 0x05]);
        return index >= 0 ? index : code.IndexOf((ReadOnlySpan<byte>)[0xb8, 0x0f, 0x00, 0x00, 0x00, 0x0f, 0x05]);
    }
}
