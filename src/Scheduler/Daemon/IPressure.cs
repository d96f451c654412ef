using Checkpointer.Engine;
using Checkpointer.Engine.Support;

namespace Checkpointer.Scheduler.Daemon;

/// <summary>Tells when a job is short of memory; <see cref="PressureWatcher"/> does it.</summary>
internal interface IPressure
{
    /// <summary>Watches the memory of a job; what was watched for it before is not any more.</summary>
    void Watch(string job, ProcessIdentity root, Action pressed);

    /// <summary>Ends a watch.</summary>
    void Forget(string job);
}

/// <summary>The kernel's word.</summary>
internal sealed class Pressure : IPressure, IDisposable
{
    private readonly PressureWatcher _watcher = new();

    /// <inheritdoc/>
    public void Watch(string job, ProcessIdentity root, Action pressed) => _watcher.Watch(job, PressureWatcher.FileOf(root.Pid), pressed);

    /// <inheritdoc/>
    public void Forget(string job) => _watcher.Forget(job);

    /// <inheritdoc/>
    public void Dispose() => _watcher.Dispose();
}
