using Checkpointer.Engine.Arch.X64;
using Checkpointer.Engine.Interop;

namespace Checkpointer.Engine.Support;

/// <summary>kcmp(2): tells whether two tasks share a kernel object.</summary>
internal static class Kcmp
{
    /// <summary>0 where they share it, 1 or 2 for an order where they do not, -1 where it cannot be told (<see cref="LastError"/>).</summary>
    public static nint Compare(int type, int first, int second, int firstDescriptor = 0, nint secondDescriptor = 0) =>
        Libc.syscall((nint)Sys.Kcmp, StandIns.Of(first), StandIns.Of(second), type, firstDescriptor, secondDescriptor);
}
