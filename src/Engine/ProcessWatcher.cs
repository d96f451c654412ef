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
    private readonly Lock _gate = new();
    private readonly List<Watched> _watched = [];
    private readonly SafeFd _wake;
    private readonly Thread _thread;
    private bool _isDisposed;

    /// <summary>Starts its thread.</summary>
    public ProcessWatcher()
    {
        var wake = Libc.eventfd(0, FileFlag.O_CLOEXEC | FileFlag.O_NONBLOCK);
        LinuxException.ThrowIfFailed(wake, "eventfd");
        _wake = new SafeFd(wake);
        _thread = new Thread(WaitForEnds) { Name = "process ends", IsBackground = true };
        _thread.Start();
    }

    /// <summary>Watches a process.</summary>
    /// <param name="identity">Who; where that process is gone by now, the end is told at once.</param>
    /// <param name="ended">Told once, on the watcher's thread; must not take long. Owns what it is given.</param>
    public void Watch(ProcessIdentity identity, Action<EndedProcess> ended)
    {
        // In this order: a PID that changed hands before the pidfd was opened shows by its start time.
        var pidfd = Pidfd.TryOpen(identity.Pid.Value, 0);
        if (pidfd is null || ProcFs.TryStat(identity.Pid) is not { } stat || stat.StartTicks != identity.StartTicks || identity.BootId != ProcFs.BootId())
        {
            pidfd?.Dispose();
            ended(new EndedProcess(identity, null));
            return;
        }

        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_isDisposed, this);
            _watched.Add(new Watched(identity, pidfd, TryOpenInit(identity.Pid, stat.ParentPid), ended));
        }

        Wake();
    }

    /// <summary>Ends the watch of a process; one that was told already is none.</summary>
    public void Forget(ProcessIdentity identity)
    {
        lock (_gate)
        {
            foreach (var watched in _watched.Where(watched => watched.Identity == identity))
            {
                watched.Dispose();
            }

            _watched.RemoveAll(watched => watched.Identity == identity);
        }

        Wake();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_gate)
        {
            if (_isDisposed)
            {
                return;
            }

            _isDisposed = true;
        }

        Wake();
        _thread.Join();
        _watched.ForEach(watched => watched.Dispose());
        _watched.Clear();
        _wake.Dispose();
    }

    private unsafe void Wake()
    {
        ulong one = 1;
        _ = Libc.write(_wake.Number, (byte*)&one, sizeof(ulong));
    }

    private void WaitForEnds()
    {
        while (true)
        {
            Watched[] watched;
            lock (_gate)
            {
                if (_isDisposed)
                {
                    return;
                }

                watched = [.. _watched];
            }

            // A pidfd that was closed meanwhile (Forget) shows as POLLNVAL, or as another file's events: only what is still watched counts.
            var isReady = Poll(watched);
            foreach (var ended in watched.Where((_, at) => isReady[at]))
            {
                Tell(ended);
            }
        }
    }

    private void Tell(Watched ended)
    {
        lock (_gate)
        {
            if (!_watched.Remove(ended))
            {
                return;
            }
        }

        ended.Ended(new EndedProcess(ended.Identity, ended.Pidfd, ended.Init));
    }

    private static SafeFd? TryOpenInit(ProcessId process, int parent)
    {
        try
        {
            return PrivateInit.IsParentOf(process) ? Pidfd.TryOpen(parent, 0) : null;
        }
        catch (EngineException exception) when (exception.Reason == EngineFailure.NotPermitted)
        {
            return null; // another user's, so no child of ours
        }
    }

    private unsafe bool[] Poll(Watched[] watched)
    {
        var files = new pollfd[watched.Length + 1];
        files[^1] = new pollfd { fd = _wake.Number, events = SocketNumber.POLLIN };
        for (var at = 0; at < watched.Length; at++)
        {
            files[at] = new pollfd { fd = watched[at].Pidfd.Number, events = SocketNumber.POLLIN };
        }

        fixed (pollfd* pointer = files)
        {
            _ = Libc.poll(pointer, (nuint)files.Length, -1);
        }

        if (files[^1].revents != 0)
        {
            ulong count;
            _ = Libc.read(_wake.Number, (byte*)&count, sizeof(ulong));
        }

        return [.. files.Take(watched.Length).Select(file => (file.revents & SocketNumber.POLLIN) != 0)];
    }

    private sealed record Watched(ProcessIdentity Identity, SafeFd Pidfd, SafeFd? Init, Action<EndedProcess> Ended) : IDisposable
    {
        public void Dispose()
        {
            Pidfd.Dispose();
            Init?.Dispose();
        }
    }
}
