using System.Globalization;
using System.Text;
using Checkpointer.Engine.Interop;
using Checkpointer.Engine.Proc;
using Checkpointer.Engine.Support;

namespace Checkpointer.Engine;

/// <summary>
/// Tells when tasks wait for memory: one thread waits on triggers of the kernel's pressure stall information (Documentation/accounting/psi.rst), of the host or of a cgroup v2. Safe for use from any
/// thread.
/// </summary>
/// <param name="stall">Within each window, tasks must have waited for memory so long.</param>
/// <param name="window">The window, 500 ms to 10 s.</param>
public sealed class PressureWatcher(TimeSpan stall, TimeSpan window) : IDisposable
{
    /// <summary>The host's.</summary>
    public const string HostFile = "/proc/pressure/memory";

    private readonly Lock _gate = new();
    private readonly List<Watched> _watched = [];
    private SafeFd? _wake;
    private Thread? _thread;
    private bool _isDisposed;

    /// <summary>A seventh of the time, as in the example of the kernel's page, and far from where the kernel kills; in two seconds, which need no CAP_SYS_RESOURCE.</summary>
    public PressureWatcher()
        : this(TimeSpan.FromMilliseconds(300), TimeSpan.FromSeconds(2))
    {
    }

    /// <summary>True where the kernel tells of pressure (CONFIG_PSI, and not off by psi=0).</summary>
    public static bool IsSupported => File.Exists(HostFile);

    /// <summary>The file that tells of the memory of a process: of its cgroup, where that is one of v2 below the root; else the host's.</summary>
    public static string FileOf(ProcessId process)
    {
        var unified = ProcFs.TryCgroups(process)?.FirstOrDefault(membership => membership.IsUnified);
        var directory = unified is null or { Path: "/" } ? null : new CgroupMounts().DirectoryOf(unified.Controllers, unified.Path);
        return directory is not null && File.Exists(Path.Combine(directory, "memory.pressure")) ? Path.Combine(directory, "memory.pressure") : HostFile;
    }

    /// <summary>Watches a file. One that a key had before is not watched any more.</summary>
    /// <param name="key">Names the watch.</param>
    /// <param name="file">As of <see cref="FileOf"/>.</param>
    /// <param name="pressed">Told at most once in each window, on the watcher's thread; must not take long.</param>
    /// <exception cref="EngineException">The kernel does not take the trigger.</exception>
    public void Watch(string key, string file, Action pressed)
    {
        Forget(key);
        var trigger = OwnFd.Open(file, FileFlag.O_RDWR | FileFlag.O_NONBLOCK);
        try
        {
            SetTrigger(trigger, file);
            lock (_gate)
            {
                ObjectDisposedException.ThrowIf(_isDisposed, this);
                _watched.Add(new Watched(key, trigger, pressed));
                Start();
            }
        }
        catch
        {
            trigger.Dispose();
            throw;
        }

        Wake();
    }

    /// <summary>Ends a watch.</summary>
    public void Forget(string key)
    {
        lock (_gate)
        {
            foreach (var watched in _watched.Where(watched => watched.Key == key))
            {
                watched.Trigger.Dispose();
            }

            _watched.RemoveAll(watched => watched.Key == key);
        }

        Wake();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_gate)
        {
            _isDisposed = true;
        }

        Wake();
        _thread?.Join();
        _watched.ForEach(watched => watched.Trigger.Dispose());
        _watched.Clear();
        _wake?.Dispose();
    }

    private unsafe void SetTrigger(SafeFd trigger, string file)
    {
        var text = Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"some {(long)stall.TotalMicroseconds} {(long)window.TotalMicroseconds}\0"));
        fixed (byte* bytes = text)
        {
            LinuxException.ThrowIfFailed(Libc.write(trigger.Number, bytes, (nuint)text.Length), $"write of a trigger to {file}");
        }
    }

    private void Start()
    {
        if (_thread is null)
        {
            var wake = Libc.eventfd(0, FileFlag.O_CLOEXEC | FileFlag.O_NONBLOCK);
            LinuxException.ThrowIfFailed(wake, "eventfd");
            _wake = new SafeFd(wake);
            _thread = new Thread(WaitForPressure) { Name = "memory pressure", IsBackground = true };
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

    private void WaitForPressure()
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

            var events = Poll(watched);
            for (var at = 0; at < watched.Length; at++)
            {
                Tell(watched[at], events[at]);
            }
        }
    }

    /// <summary>A trigger that was closed meanwhile shows as POLLNVAL, or as another file's events: only what is still watched counts.</summary>
    private void Tell(Watched watched, int events)
    {
        lock (_gate)
        {
            if (!_watched.Contains(watched))
            {
                return;
            }

            if ((events & SocketNumber.POLLERR) != 0)
            {
                // Its cgroup was removed.
                watched.Trigger.Dispose();
                _watched.Remove(watched);
                return;
            }
        }

        if ((events & SocketNumber.POLLPRI) != 0)
        {
            watched.Pressed();
        }
    }

    private unsafe int[] Poll(Watched[] watched)
    {
        var files = new pollfd[watched.Length + 1];
        files[^1] = new pollfd { fd = _wake!.Number, events = SocketNumber.POLLIN };
        for (var at = 0; at < watched.Length; at++)
        {
            files[at] = new pollfd { fd = watched[at].Trigger.Number, events = SocketNumber.POLLPRI };
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

        return [.. files.Take(watched.Length).Select(file => (int)file.revents)];
    }

    private sealed record Watched(string Key, SafeFd Trigger, Action Pressed);
}
