using Checkpointer.Engine.Proc;

namespace Checkpointer.Engine.Tracing;

/// <summary>
/// Injection without a gate, to map and unmap it or where one call does not pay for it: the job's own <c>syscall; ret</c> returns into its own
/// <c>rt_sigreturn</c>, with a frame below the stack of the thread. If we die, the thread gets home as from a signal handler.
/// </summary>
internal static class Bootstrap
{
    /// <summary>Opens an injection into the first thread that has a road home; null where none has.</summary>
    /// <param name="threads">Stopped threads of the process.</param>
    /// <param name="vmas">Its mappings now.</param>
    /// <param name="memory">Its memory.</param>
    /// <param name="timeout">Longest wait for one call.</param>
    /// <param name="step">Told before each call.</param>
    /// <param name="closed">Told at the end whether the thread is back.</param>
    public static SyscallInjection? TryOpen(
        IEnumerable<FrozenThread> threads, IReadOnlyList<Vma> vmas, RemoteMemory memory, TimeSpan timeout, Action<string> step, Action<bool>? closed = null)
    {
        if (Gadgets.Find(vmas, memory) is not { } gadgets)
        {
            return null;
        }

        foreach (var thread in threads)
        {
            if (BorrowedStack.TryBorrow(thread, vmas, memory, gadgets.Sigreturn) is { } stack)
            {
                return SyscallInjection.Through(gadgets.CallAndReturn, stack.Pointer, thread, timeout, step, isHome => GiveBack(stack, isHome, closed));
            }
        }

        return null;
    }

    private static void GiveBack(BorrowedStack stack, bool isHome, Action<bool>? closed)
    {
        try
        {
            if (isHome)
            {
                stack.GiveBack();
            }
        }
        finally
        {
            closed?.Invoke(isHome);
        }
    }
}
