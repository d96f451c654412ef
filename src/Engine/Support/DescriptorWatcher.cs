using Checkpointer.Engine.Interop;

namespace Checkpointer.Engine.Support;

/// <summary>What a <see cref="DescriptorWatcher{T}"/> watches; disposed of when it is not watched any more.</summary>
internal interface IWatchedDescriptor : IDisposable
{
    /// <summary>What poll(2) is asked about.</summary>
    SafeFd Descriptor { get; }
}

/// <summary>Waits on descriptors, all on one thread of its own, which starts with the first. Safe for use from any thread.</summary>
/// <param name="name">Name of the thread.</param>
/// <param name="events">What to wait for (poll(2)); errors are told too.</param>
/// <param name="happened">Told of what is watched and its events, on that thread, again for as long as they last; must not take long.</param>
internal sealed class DescriptorWatcher<T>(string name, short events, Action<T, short> happened) : IDisposable
    where T : class, IWatchedDescriptor
{
    private readonly Lock _gate = new();
    private readonly List<T> _watched = [];
    private SafeFd? _wake;
    private Thread? _thread;
    private bool _isDisposed;

    /// <summary>Begins to watch, and owns it from now on.</summary>
    public void Add(T watched)
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_isDisposed, this);
            Start();
            _watched.Add(watched);
        }

        Wake();
    }

    /// <summary>Ends a watch and gives what was watched to the caller; false where another has ended it.</summary>
    public bool TryTake(T watched)
    {
        lock (_gate)
        {
            return _watched.Remove(watched);
        }
    }

    /// <summary>Ends watches.</summary>
    public void Forget(Predicate<T> which)
    {
        lock (_gate)
        {
            _watched.FindAll(which).ForEach(watched => watched.Dispose());
            _watched.RemoveAll(which);
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
        _thread?.Join();
        _watched.ForEach(watched => watched.Dispose());
        _watched.Clear();
        _wake?.Dispose();
    }

    private void Start()
    {
        if (_thread is null)
        {
            var wake = Libc.eventfd(0, FileFlag.O_CLOEXEC | FileFlag.O_NONBLOCK);
            LinuxException.ThrowIfFailed(wake, "eventfd");
            _wake = new SafeFd(wake);
            _thread = new Thread(Wait) { Name = name, IsBackground = true };
            _thread.Start();
        }
    }

    private unsafe void Wake()
    {
        ulong one = 1;
        if (_wake is { } wake)
        {
            _ = Libc.write(wake.Number, (byte*)&one, sizeof(ulong));
        }
    }

    private void Wait()
    {
        while (true)
        {
            T[] watched;
            lock (_gate)
            {
                if (_isDisposed)
                {
                    return;
                }

                watched = [.. _watched];
            }

            var seen = Poll(watched);
            for (var at = 0; at < watched.Length; at++)
            {
                if (seen[at] != 0 && IsWatched(watched[at]))
                {
                    happened(watched[at], seen[at]);
                }
            }
        }
    }

    /// <summary>What was closed while we asked shows as POLLNVAL, or as another file's events.</summary>
    private bool IsWatched(T watched)
    {
        lock (_gate)
        {
            return _watched.Contains(watched);
        }
    }

    private unsafe short[] Poll(T[] watched)
    {
        var files = new pollfd[watched.Length + 1];
        files[^1] = new pollfd { fd = _wake!.Number, events = SocketNumber.POLLIN };
        for (var at = 0; at < watched.Length; at++)
        {
            files[at] = new pollfd { fd = watched[at].Descriptor.Number, events = events };
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

        return [.. files.Take(watched.Length).Select(file => file.revents)];
    }
}
