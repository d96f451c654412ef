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
public sealed class PressureWatcher : IDisposable
{
    /// <summary>The host's.</summary>
    public const string HostFile = "/proc/pressure/memory";

    private readonly TimeSpan _stall;
    private readonly TimeSpan _window;
    private readonly DescriptorWatcher<Watched> _watcher;

    /// <summary>A seventh of the time, as in the example of the kernel's page, and far from where the kernel kills; in two seconds, which need no CAP_SYS_RESOURCE.</summary>
    public PressureWatcher()
        : this(TimeSpan.FromMilliseconds(300), TimeSpan.FromSeconds(2))
    {
    }

    /// <summary>Watches nothing yet.</summary>
    /// <param name="stall">Within each window, tasks must have waited for memory so long.</param>
    /// <param name="window">The window, 500 ms to 10 s.</param>
    public PressureWatcher(TimeSpan stall, TimeSpan window)
    {
        _stall = stall;
        _window = window;
        _watcher = new DescriptorWatcher<Watched>("memory pressure", SocketNumber.POLLPRI, Tell);
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
            _watcher.Add(new Watched(key, trigger, pressed));
        }
        catch
        {
            trigger.Dispose();
            throw;
        }
    }

    /// <summary>Ends a watch.</summary>
    public void Forget(string key) => _watcher.Forget(watched => watched.Key == key);

    /// <inheritdoc/>
    public void Dispose() => _watcher.Dispose();

    private unsafe void SetTrigger(SafeFd trigger, string file)
    {
        var text = Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"some {(long)_stall.TotalMicroseconds} {(long)_window.TotalMicroseconds}\0"));
        fixed (byte* bytes = text)
        {
            LinuxException.ThrowIfFailed(Libc.write(trigger.Number, bytes, (nuint)text.Length), $"write of a trigger to {file}");
        }
    }

    private void Tell(Watched watched, short events)
    {
        if ((events & SocketNumber.POLLERR) != 0)
        {
            // Its cgroup was removed.
            _watcher.Forget(other => other == watched);
            return;
        }

        if ((events & SocketNumber.POLLPRI) != 0)
        {
            watched.Pressed();
        }
    }

    private sealed record Watched(string Key, SafeFd Descriptor, Action Pressed) : IWatchedDescriptor
    {
        public void Dispose() => Descriptor.Dispose();
    }
}
