using Checkpointer.Engine.Host;
using Checkpointer.Engine.Interop;
using Checkpointer.Engine.Proc;
using Checkpointer.Engine.Support;
using Checkpointer.Engine.Worker;

namespace Checkpointer.Engine;

/// <summary>
/// Tells when processes end, within microseconds and of any parent: one thread waits on a pidfd of each. Nothing is reaped, so that waits of others, a tracer's above all,
/// are not disturbed. Safe for use from any thread.
/// </summary>
public sealed class ProcessWatcher : IDisposable
{
    private readonly DescriptorWatcher<Watched> _watcher;
    private readonly ExitEvents? _exits;

    /// <summary>Watches nothing yet.</summary>
    public ProcessWatcher()
        : this(ExitEvents.AreNeeded)
    {
    }

    /// <summary>Watches nothing yet.</summary>
    /// <param name="usesEvents">True to learn from the process connector how processes ended, as on kernels whose pidfds do not tell.</param>
    internal ProcessWatcher(bool usesEvents)
    {
        _watcher = new DescriptorWatcher<Watched>("process ends", SocketNumber.POLLIN, Tell);
        _exits = usesEvents ? ExitEvents.TryOpen() : null;
    }

    /// <summary>True where it learns from the process connector.</summary>
    internal bool HasEvents => _exits is not null;

    /// <summary>Watches a process.</summary>
    /// <param name="identity">Who; where that process is gone by now, the end is told at once.</param>
    /// <param name="ended">Told once, on the watcher's thread; must not take long. Owns what it is given.</param>
    public void Watch(ProcessIdentity identity, Action<EndedProcess> ended)
    {
        _exits?.Expect(identity.Pid.Value);
        // In this order: a PID that changed hands before the pidfd was opened shows by its start time.
        var pidfd = Pidfd.TryOpen(identity.Pid.Value, 0);
        if (pidfd is null || ProcFs.TryStat(identity.Pid) is not { } stat || stat.StartTicks != identity.StartTicks || identity.BootId != ProcFs.BootId())
        {
            pidfd?.Dispose();
            _exits?.Forget(identity.Pid.Value);
            ended(new EndedProcess(identity, null));
            return;
        }

        _watcher.Add(new Watched(identity, pidfd, TryOpenInit(identity.Pid), ended));
    }

    /// <summary>Ends the watch of a process; one that was told already is none.</summary>
    public void Forget(ProcessIdentity identity)
    {
        _watcher.Forget(watched => watched.Identity == identity);
        _exits?.Forget(identity.Pid.Value);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _watcher.Dispose();
        _exits?.Dispose();
    }

    private void Tell(Watched watched, short events)
    {
        if ((events & SocketNumber.POLLIN) != 0 && _watcher.TryTake(watched))
        {
            watched.Ended(new EndedProcess(watched.Identity, watched.Descriptor, watched.Init, _exits));
        }
    }

    /// <summary>While a job is restored, its first process is a child of another one.</summary>
    private static SafeFd? TryOpenInit(ProcessId process)
    {
        try
        {
            return PrivateInit.Of(process) is { } init ? Pidfd.TryOpen(init.Value, 0) : null;
        }
        catch (EngineException exception) when (exception.Reason == EngineFailure.NotPermitted)
        {
            return null; // another user's, so no child of ours
        }
    }

    private sealed record Watched(ProcessIdentity Identity, SafeFd Descriptor, SafeFd? Init, Action<EndedProcess> Ended) : IWatchedDescriptor
    {
        public void Dispose()
        {
            Descriptor.Dispose();
            Init?.Dispose();
        }
    }
}
