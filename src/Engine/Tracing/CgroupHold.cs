using System.Diagnostics;
using System.Globalization;
using System.Text;
using Checkpointer.Engine.Interop;
using Checkpointer.Engine.Proc;
using Checkpointer.Engine.Support;

namespace Checkpointer.Engine.Tracing;

/// <summary>
/// Holds the processes of a cgroup by the kernel's freezer for the moment in which they are told to stop, so that none makes others meanwhile. A frozen cgroup stays so when who
/// froze it dies, so a child of ours, the *guard*, thaws it when we do: a shell that waits for the end of a pipe which only we have open. Where it is killed together with us, a mark
/// on the cgroup, an extended attribute, tells the next dump whose it is.
/// </summary>
internal sealed class CgroupHold : IDisposable
{
    // Reads a line: we are done. Reads the end of the file: we have died.
    private const string Guard = "trap '' HUP INT TERM; read -r done || echo \"$1\" > \"$2\"";
    private const int TextBytesMax = 64;
    private const uint PollMicroseconds = 50;

    // A thread that runs or sleeps is held in well under a millisecond. One that does not, in a hung network file system, is not worth waiting for: it makes no others.
    private static readonly TimeSpan _patience = TimeSpan.FromMilliseconds(20);

    private readonly CgroupFreezer _freezer;
    private readonly ProcessId _guard;
    private readonly SafeFd _life;
    private bool _isHeld;
    private bool _isReleased;

    private CgroupHold(CgroupFreezer freezer, ProcessId guard, SafeFd life) => (_freezer, _guard, _life) = (freezer, guard, life);

    /// <summary>Makes what thaws a cgroup should we die; null where it has no freezer, we may not, or we are in it ourselves, and then its threads are stopped one by one. Precondition:
    /// <see cref="EndLeft"/>.</summary>
    public static CgroupHold? TryPrepare(string cgroup)
    {
        if (CgroupFreezer.Of(cgroup) is not { IsAsked: false } freezer || CgroupProcesses.Of(cgroup).Contains(new ProcessId(Environment.ProcessId)) || !Mark.TrySet(freezer))
        {
            return null;
        }

        var hold = StartGuard(freezer);
        if (hold is null)
        {
            Mark.Remove(freezer);
        }

        return hold;
    }

    /// <summary>Holds the processes; false where we may not.</summary>
    public bool TryBegin()
    {
        _isHeld = _freezer.TrySet(isFrozen: true);
        for (var start = Stopwatch.GetTimestamp(); _isHeld && !_freezer.IsSettled && Stopwatch.GetElapsedTime(start) < _patience;)
        {
            _ = Libc.usleep(PollMicroseconds);
        }

        return _isHeld;
    }

    /// <summary>Thaws a cgroup that one of us held who has died.</summary>
    public static void EndLeft(JobScope scope)
    {
        if (scope.Cgroup is { } cgroup && CgroupFreezer.Of(cgroup) is { } freezer && Mark.TryOwner(freezer) is { } owner && !owner.IsAlive)
        {
            _ = freezer.TrySet(isFrozen: false);
            Mark.Remove(freezer);
        }
    }

    /// <summary>Lets the processes go on.</summary>
    /// <exception cref="EngineException">The cgroup cannot be thawed.</exception>
    public unsafe void Release()
    {
        if (_isReleased)
        {
            return;
        }

        _isReleased = true;
        if (_isHeld && !_freezer.TrySet(isFrozen: false) && _freezer.IsAsked)
        {
            // The guard tries, too, as the pipe ends.
            throw new EngineException(EngineFailure.Failed, $"The cgroup {_freezer.Directory} cannot be thawed.", $"thaw it: echo {_freezer.Thawed} > {_freezer.File}");
        }

        var line = (byte)'\n';
        _ = Libc.write(_life.Number, &line, 1);
        Mark.Remove(_freezer);
    }

    /// <summary>Releases, and ends the guard.</summary>
    public unsafe void Dispose()
    {
        try
        {
            Release();
        }
        finally
        {
            _life.Dispose();
            while (Libc.waitpid(_guard.Value, null, 0) < 0 && LastError.Get() == Errno.EINTR)
            {
                // It ends by itself.
            }
        }
    }

    private static unsafe CgroupHold? StartGuard(CgroupFreezer freezer)
    {
        var ends = stackalloc int[2];
        LinuxException.ThrowIfFailed(Libc.pipe2(ends, FileFlag.O_CLOEXEC), "pipe2");
        using var read = new SafeFd(ends[0]);
        var life = new SafeFd(ends[1]);
        try
        {
            var guard = ProcessLauncher.Start(new LaunchRequest("/bin/sh", ["-c", Guard, "checkpointer-guard", freezer.Thawed, freezer.File])
            {
                InputPath = string.Create(CultureInfo.InvariantCulture, $"/proc/self/fd/{read.Number}"),
                OutputPath = "/dev/null",
            });
            return new CgroupHold(freezer, guard.Pid, life);
        }
        catch (EngineException)
        {
            // No shell here.
            life.Dispose();
            return null;
        }
    }

    /// <summary>Who holds a cgroup: PID and start time, in an extended attribute of it. The kernel keeps those of users on cgroups v2 since Linux 5.7.</summary>
    private static unsafe class Mark
    {
        public static bool TrySet(CgroupFreezer freezer)
        {
            using var directory = OwnFd.Open(freezer.Directory, FileFlag.O_RDONLY | FileFlag.O_DIRECTORY);
            var us = ProcFs.Stat(new ProcessId(Environment.ProcessId));
            var text = Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{us.Pid} {us.StartTicks}"));
            fixed (byte* bytes = text)
            {
                return Libc.fsetxattr(directory.Number, NameFor(freezer), bytes, (nuint)text.Length, 0) == 0;
            }
        }

        public static void Remove(CgroupFreezer freezer)
        {
            if (Directory.Exists(freezer.Directory))
            {
                using var directory = OwnFd.Open(freezer.Directory, FileFlag.O_RDONLY | FileFlag.O_DIRECTORY);
                _ = Libc.fremovexattr(directory.Number, NameFor(freezer));
            }
        }

        public static (ProcessId Process, bool IsAlive)? TryOwner(CgroupFreezer freezer)
        {
            using var directory = OwnFd.Open(freezer.Directory, FileFlag.O_RDONLY | FileFlag.O_DIRECTORY);
            var text = stackalloc byte[TextBytesMax];
            var bytes = Libc.fgetxattr(directory.Number, NameFor(freezer), text, TextBytesMax);
            if (bytes < 0 || Encoding.ASCII.GetString(text, (int)bytes).Split(' ') is not [var pid, var start])
            {
                return null;
            }

            var process = new ProcessId(int.Parse(pid, CultureInfo.InvariantCulture));
            return (process, ProcFs.TryStat(process)?.StartTicks == ulong.Parse(start, CultureInfo.InvariantCulture));
        }

        // Only the superuser's are kept on cgroups v1.
        private static string NameFor(CgroupFreezer freezer) => freezer.IsUnified ? "user.checkpointer.held" : "trusted.checkpointer.held";
    }
}
