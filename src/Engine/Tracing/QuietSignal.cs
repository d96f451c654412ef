using Checkpointer.Engine.Interop;
using Checkpointer.Engine.Proc;

namespace Checkpointer.Engine.Tracing;

/// <summary>
/// A signal that a frozen thread can send itself to stop for its tracer, and that nobody sees where the tracer has died meanwhile: its default is to be ignored
/// (signal(7)), the process has no handler for it, and the thread does not block it, so that nobody waits for it there either.
/// </summary>
internal static class QuietSignal
{
    private static readonly int[] _ignoredByDefault = [Signal.SIGURG, Signal.SIGWINCH];

    /// <summary>The signal; 0 where there is none, where the thread knows itself by another number (PID namespaces), or where seccomp is suspended for as long as we
    /// live: without us the next call of several could be forbidden.</summary>
    public static int Of(FrozenThread thread, ProcStatus status) => thread.Tracee.IsConfined || status.NSpid.Count != 1
        ? 0
        : _ignoredByDefault.FirstOrDefault(signal => ((status.SigCgt | thread.SignalMask) & (1ul << (signal - 1))) == 0);
}
