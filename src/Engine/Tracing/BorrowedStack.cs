using System.Runtime.InteropServices;
using Checkpointer.Engine.Arch.X64;
using Checkpointer.Engine.Interop;
using Checkpointer.Engine.Proc;
using Checkpointer.Engine.Support;

namespace Checkpointer.Engine.Tracing;

/// <summary>
/// Dead bytes of a thread's stack, where the kernel too would put the frame of a signal handler, borrowed for a frame that leads home.
/// What was there comes back when the injection is over.
/// </summary>
internal sealed class BorrowedStack
{
    // Smaller ones are those of goroutines and coroutines, below which other objects live.
    private const ulong ThreadStackRoom = 64 * 1024;

    private readonly RemoteMemory _memory;
    private readonly RemotePtr _start;
    private readonly byte[] _saved;

    private BorrowedStack(RemoteMemory memory, RemotePtr start, byte[] saved)
    {
        _memory = memory;
        _start = start;
        _saved = saved;
    }

    /// <summary>The stack pointer to inject with.</summary>
    public RemotePtr Pointer => _start;

    /// <summary>Borrows from a thread and writes its frame; null where its stack is not known to be free below the stack pointer.</summary>
    public static BorrowedStack? TryBorrow(FrozenThread thread, IReadOnlyList<Vma> vmas, RemoteMemory memory, RemotePtr sigreturn)
    {
        if (FindStack(thread, vmas, memory) is not { } stack || HasShadowStack(thread.Tracee))
        {
            return null;
        }

        var state = thread.Tracee.GetExtendedState();
        var target = SignalFrame.PlaceBelow(thread.Home.StackPointer, state.Length);
        var start = target - SignalFrame.ReturnAddressBytes;
        var frame = SignalFrame.BuildReturning(thread.SelfContained, state, thread.SignalMask, target, sigreturn);
        var saved = new byte[frame.Length];
        if (start.Address < stack.Start || memory.TryRead(start, saved) != saved.Length)
        {
            return null;
        }

        var borrowed = new BorrowedStack(memory, start, saved);
        return borrowed.TryWrite(frame) ? borrowed : null;
    }

    /// <summary>Puts back what was there. Precondition: the thread has its own registers again.</summary>
    public void GiveBack() => _memory.Write(_start, _saved);

    private bool TryWrite(byte[] frame)
    {
        try
        {
            _memory.Write(_start, frame);
            return true;
        }
        catch (LinuxException exception) when (exception.Errno is Errno.EIO or Errno.EFAULT or Errno.ENOMEM)
        {
            // A page that cannot be written: a guard page, or no memory for it. What was written before it is below all that the thread uses.
            return false;
        }
    }

    /// <summary>
    /// The mapping that the thread's stack is. That of the main thread is known by name. That of another thread is known where its control block, which
    /// points to itself, lies above the stack pointer in the same mapping, as glibc and musl allot them.
    /// </summary>
    private static Vma? FindStack(FrozenThread thread, IReadOnlyList<Vma> vmas, RemoteMemory memory)
    {
        var pointer = thread.Home.StackPointer.Address;
        var stack = vmas.FirstOrDefault(vma => vma.Start < pointer && pointer <= vma.End);
        if (stack is not { Writable: true, IsShared: false, IsHeap: false, Inode: 0 })
        {
            return null;
        }

        return stack.IsStack || IsThreadStack(stack, pointer, thread.Home.ThreadPointer, memory) ? stack : null;
    }

    private static bool IsThreadStack(Vma stack, ulong pointer, RemotePtr block, RemoteMemory memory)
    {
        Span<byte> self = stackalloc byte[sizeof(ulong)];
        return block.Address > pointer && block.Address < stack.End
            && pointer - stack.Start >= ThreadStackRoom
            && memory.TryRead(block, self) == self.Length
            && MemoryMarshal.Read<ulong>(self) == block.Address;
    }

    /// <summary>With a shadow stack (CET) a return to an address that no call left there is a fault.</summary>
    private static bool HasShadowStack(Tracee tracee) =>
        ProcFs.Text(tracee.Process, $"task/{tracee.Thread}/status").Split('\n')
            .Any(line => line.StartsWith("x86_Thread_features:", StringComparison.Ordinal) && line.Contains("shstk", StringComparison.Ordinal));
}
