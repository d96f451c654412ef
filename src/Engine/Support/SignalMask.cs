using Checkpointer.Engine.Arch.X64;
using Checkpointer.Engine.Interop;

namespace Checkpointer.Engine.Support;

/// <summary>Blocked signals of the calling thread (rt_sigprocmask(2)).</summary>
internal static unsafe class SignalMask
{
    private const int Add = 0; // SIG_BLOCK
    private const int Replace = 2; // SIG_SETMASK

    /// <summary>Blocks one signal more; returns the mask before.</summary>
    public static ulong Block(int signal) => Change(Add, 1ul << (signal - 1));

    /// <summary>Sets the mask.</summary>
    public static void Set(ulong mask) => Change(Replace, mask);

    private static ulong Change(int how, ulong mask)
    {
        ulong before;
        LinuxException.ThrowIfFailed(Libc.syscall((nint)Sys.RtSigprocmask, how, (nint)(&mask), (nint)(&before), sizeof(ulong), 0), "rt_sigprocmask");
        return before;
    }
}
