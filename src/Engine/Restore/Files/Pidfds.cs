using Checkpointer.Engine.Interop;
using Checkpointer.Engine.Support;

namespace Checkpointer.Engine.Restore;

/// <summary>Opens pidfds, of processes that are gone too.</summary>
internal static class Pidfds
{
    private const int Gone = -1;

    /// <summary>Opens one.</summary>
    /// <param name="pid">A process of the job, or -1 for one that was reaped: then a process is made and ended for it.</param>
    /// <param name="flags">PIDFD_NONBLOCK or 0.</param>
    public static SafeFd Open(int pid, int flags)
    {
        if (pid != Gone)
        {
            return OpenLive(pid, flags);
        }

        var stub = Stub.Spawn();
        try
        {
            return OpenLive(stub.Value, flags);
        }
        finally
        {
            Children.KillAndReap(stub);
        }
    }

    private static SafeFd OpenLive(int pid, int flags) => Pidfd.TryOpen(pid, flags) ?? throw new LinuxException($"pidfd_open({pid})", LastError.Get());
}
