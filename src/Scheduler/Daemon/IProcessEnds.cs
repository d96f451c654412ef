using Checkpointer.Engine;
using Checkpointer.Engine.Support;

namespace Checkpointer.Scheduler.Daemon;

/// <summary>Tells when processes end; <see cref="ProcessWatcher"/> does it.</summary>
internal interface IProcessEnds
{
    /// <summary>Watches a process.</summary>
    /// <param name="process">Who.</param>
    /// <param name="ended">Told once, with what finds out how it ended, reaping it where it is our child.</param>
    void Watch(ProcessIdentity process, Action<Func<ProcessEnd>> ended);

    /// <summary>Ends a watch.</summary>
    void Forget(ProcessIdentity process);
}

/// <summary>The kernel's ends.</summary>
/// <param name="patience">Longest wait for another parent to reap; null for that of a recovery.</param>
internal sealed class ProcessEnds(TimeSpan? patience = null) : IProcessEnds, IDisposable
{
    /// <summary>Init reaps orphans within milliseconds; some only look every 2 s. The exit code of a stranger is not worth a longer wait of its recovery.</summary>
    private readonly TimeSpan _patience = patience ?? TimeSpan.FromMilliseconds(500);

    private readonly ProcessWatcher _watcher = new();

    /// <inheritdoc/>
    public void Watch(ProcessIdentity process, Action<Func<ProcessEnd>> ended) => _watcher.Watch(process, gone => ended(() => Collect(gone)));

    /// <inheritdoc/>
    public void Forget(ProcessIdentity process) => _watcher.Forget(process);

    /// <inheritdoc/>
    public void Dispose() => _watcher.Dispose();

    private ProcessEnd Collect(EndedProcess gone)
    {
        using (gone)
        {
            return gone.Collect(_patience);
        }
    }
}
