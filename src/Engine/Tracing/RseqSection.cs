using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Checkpointer.Engine.Arch.X64;
using Checkpointer.Engine.Interop;
using Checkpointer.Engine.Support;

namespace Checkpointer.Engine.Tracing;

/// <summary>
/// Ends a restartable sequence that a thread was stopped in, as the kernel does for a preempted thread (rseq(2), kernel/rseq.c).
/// </summary>
/// <remarks>
/// The kernel would do it when the thread returns to its code. We come between twice: an injected call makes the kernel see an instruction
/// pointer outside the section, so it forgets the section; and a restored thread is registered anew. In both cases the thread would continue in the
/// middle of a section that is no longer watched. So its registers are moved to the abort handler right at the freeze.
/// </remarks>
internal static class RseqSection
{
    // struct rseq: cpu_id_start, cpu_id, then the pointer to the current section.
    private const ulong SectionPointerOffset = 8;

    /// <summary>Registers that continue at the abort handler where the thread is inside a section, else unchanged.</summary>
    public static RegisterSet Abort(RegisterSet registers, in ptrace_rseq_configuration rseq, RemoteMemory memory)
    {
        if (rseq.rseq_abi_pointer == 0)
        {
            return registers;
        }

        var area = new RemotePtr(rseq.rseq_abi_pointer);
        Span<byte> pointer = stackalloc byte[sizeof(ulong)];
        if (memory.TryRead(area + SectionPointerOffset, pointer) != pointer.Length)
        {
            return registers;
        }

        var address = MemoryMarshal.Read<ulong>(pointer);
        Span<byte> descriptor = stackalloc byte[Unsafe.SizeOf<rseq_cs>()];
        if (address == 0 || memory.TryRead(new RemotePtr(address), descriptor) != descriptor.Length)
        {
            return registers;
        }

        var section = MemoryMarshal.Read<rseq_cs>(descriptor);
        var offset = unchecked(registers.InstructionPointer.Address - section.start_ip);
        return offset < section.post_commit_offset ? registers.ContinuingAt(section.abort_ip) : registers;
    }
}
