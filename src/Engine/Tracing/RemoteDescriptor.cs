using Checkpointer.Engine.Interop;
using Checkpointer.Engine.Support;

namespace Checkpointer.Engine.Tracing;

/// <summary>Descriptors of other processes.</summary>
internal static class RemoteDescriptor
{
    /// <summary>A descriptor of our own for the same open file; close-on-exec.</summary>
    public static SafeFd Duplicate(ProcessId process, int number)
    {
        TracerDeath.MayCome();
        using var pidfd = Pidfd.TryOpenHolder(process) ?? throw new LinuxException($"pidfd_open of process {process}", LastError.Get());
        return Pidfd.TryTake(pidfd, number) ?? throw new LinuxException($"pidfd_getfd of descriptor {number} of process {process}", LastError.Get());
    }
}
