using Checkpointer.Engine.Interop;
using Checkpointer.Engine.Support;

namespace Checkpointer.Engine.Resources;

/// <summary>Duplicates of the job's descriptors in our own process (pidfd_getfd(2)), to ask what /proc does not show. Not for use from two threads at a time.</summary>
internal sealed class Duplicates : IDisposable
{
    private readonly Dictionary<ProcessId, SafeFd?> _pidfds = [];

    /// <summary>A duplicate, which the caller closes; null where the descriptor or the process is gone: only in preflight, where the job runs on.</summary>
    public SafeFd? TryTake(OpenDescriptor descriptor) => PidfdOf(descriptor.Process) is { } pidfd ? Pidfd.TryTake(pidfd, descriptor.Number) : null;

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var pidfd in _pidfds.Values)
        {
            pidfd?.Dispose();
        }
    }

    private SafeFd? PidfdOf(ProcessId process)
    {
        if (!_pidfds.TryGetValue(process, out var pidfd))
        {
            pidfd = Pidfd.TryOpenHolder(process);
            _pidfds.Add(process, pidfd);
        }

        return pidfd;
    }
}
