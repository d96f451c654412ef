using System.Globalization;
using System.Text;
using Checkpointer.Engine.Support;

namespace Checkpointer.Engine.Proc;

/// <summary>
/// The /proc of our PID namespace. Each <c>TryX</c> returns null where the process, thread or descriptor is gone; each
/// <c>X</c> throws <see cref="EngineException"/> with <see cref="EngineFailure.NoSuchProcess"/> then. Both throw it with
/// <see cref="EngineFailure.NotPermitted"/> where we may not look. Nothing here pins the process: a PID may be recycled
/// between two calls, so compare <see cref="IdentityOf"/> where that matters.
/// </summary>
internal static class ProcFs
{
    // What a thread gives up when it exits: memory, files and namespaces.
    private static readonly HashSet<string> _givenUpAtExit =
        ["maps", "smaps", "map_files", "mem", "pagemap", "clear_refs", "numa_maps", "coredump_filter", "auxv", "environ", "cmdline", "exe", "fd", "fdinfo", "cwd", "root", "ns"];

    private static readonly Lazy<string> _bootId = new(ReadBootId);

    /// <summary>Path of a file of a process, such as <c>/proc/4711/stat</c>.</summary>
    public static string PathOf(ProcessId pid, string name)
    {
        if (pid.IsOfHost)
        {
            return $"{HostProc.Root}/{pid}/{name}";
        }

        var standIn = StandIns.Of(pid.Value);
        return standIn != pid.Value && _givenUpAtExit.Contains(name.Split('/')[0]) ? $"/proc/{standIn}/{name}" : $"/proc/{pid}/{name}";
    }

    /// <summary>Path of a file of a thread, such as <c>/proc/4711/task/4712/stat</c>.</summary>
    public static string PathOf(ProcessId pid, ThreadId tid, string name) => PathOf(pid, $"task/{tid}/{name}");

    /// <summary>/proc/PID/stat.</summary>
    public static ProcStat Stat(ProcessId pid) => TryStat(pid) ?? throw Gone(pid);

    /// <inheritdoc cref="Stat(ProcessId)"/>
    public static ProcStat? TryStat(ProcessId pid) => ProcFile.TryParse(PathOf(pid, "stat"), StatReader.Parse);

    /// <summary>/proc/PID/task/TID/stat.</summary>
    public static ProcStat Stat(ProcessId pid, ThreadId tid) => TryStat(pid, tid) ?? throw Gone(pid, tid);

    /// <inheritdoc cref="Stat(ProcessId, ThreadId)"/>
    public static ProcStat? TryStat(ProcessId pid, ThreadId tid)
        => ProcFile.TryParse(PathOf(pid, tid, "stat"), StatReader.Parse);

    /// <summary>/proc/PID/status.</summary>
    public static ProcStatus Status(ProcessId pid) => TryStatus(pid) ?? throw Gone(pid);

    /// <inheritdoc cref="Status(ProcessId)"/>
    public static ProcStatus? TryStatus(ProcessId pid) => ProcFile.TryParse(PathOf(pid, "status"), StatusReader.Parse);

    /// <summary>/proc/PID/task/TID/status.</summary>
    public static ProcStatus Status(ProcessId pid, ThreadId tid) => TryStatus(pid, tid) ?? throw Gone(pid, tid);

    /// <inheritdoc cref="Status(ProcessId, ThreadId)"/>
    public static ProcStatus? TryStatus(ProcessId pid, ThreadId tid)
        => ProcFile.TryParse(PathOf(pid, tid, "status"), StatusReader.Parse);

    /// <summary>/proc/PID/smaps: mappings with their flags. Walks all page tables, so its cost grows with resident memory.</summary>
    /// <remarks>Empty for a kernel thread and a zombie. Of a process whose leader is a zombie while other threads run, one of those is
    /// asked (<see cref="StandIns"/>).</remarks>
    public static IReadOnlyList<Vma> Smaps(ProcessId pid) => TrySmaps(pid) ?? throw Gone(pid);

    /// <inheritdoc cref="Smaps"/>
    public static IReadOnlyList<Vma>? TrySmaps(ProcessId pid) => ProcFile.TryParse(PathOf(pid, "smaps"), SmapsReader.Parse);

    /// <summary>/proc/PID/maps: mappings without flags, cheap.</summary>
    public static IReadOnlyList<Vma> Maps(ProcessId pid) => TryMaps(pid) ?? throw Gone(pid);

    /// <inheritdoc cref="Maps"/>
    public static IReadOnlyList<Vma>? TryMaps(ProcessId pid) => ProcFile.TryParse(PathOf(pid, "maps"), SmapsReader.Parse);

    /// <summary>/proc/PID/fdinfo/FD.</summary>
    public static FdInfo FdInfo(ProcessId pid, int descriptor)
        => TryFdInfo(pid, descriptor) ?? throw NoSuch($"descriptor {descriptor} of process {pid}");

    /// <inheritdoc cref="FdInfo"/>
    public static FdInfo? TryFdInfo(ProcessId pid, int descriptor)
        => ProcFile.TryParse(PathOf(pid, string.Create(CultureInfo.InvariantCulture, $"fdinfo/{descriptor}")), FdInfoReader.Parse);

    /// <summary>/proc/PID/limits.</summary>
    public static IReadOnlyList<ResourceLimit> Limits(ProcessId pid) => TryLimits(pid) ?? throw Gone(pid);

    /// <inheritdoc cref="Limits"/>
    public static IReadOnlyList<ResourceLimit>? TryLimits(ProcessId pid)
        => ProcFile.TryParse(PathOf(pid, "limits"), LimitsReader.Parse);

    /// <summary><c>read_bytes</c> of /proc/PID/io: what the process made storage read, direct I/O included; null where the kernel does not tell
    /// (CONFIG_TASK_IO_ACCOUNTING) or the process is gone.</summary>
    public static ulong? TryBytesRead(ProcessId pid)
        => ProcFile.TryParse(PathOf(pid, "io"), IoReader.ParseReadBytes)?.Value;

    /// <summary>/proc/PID/timers.</summary>
    public static IReadOnlyList<PosixTimer> Timers(ProcessId pid) => TryTimers(pid) ?? throw Gone(pid);

    /// <inheritdoc cref="Timers"/>
    public static IReadOnlyList<PosixTimer>? TryTimers(ProcessId pid)
        => ProcFile.TryParse(PathOf(pid, "timers"), TimersReader.Parse);

    /// <summary>/proc/PID/cgroup.</summary>
    public static IReadOnlyList<CgroupMembership> Cgroups(ProcessId pid) => TryCgroups(pid) ?? throw Gone(pid);

    /// <inheritdoc cref="Cgroups"/>
    public static IReadOnlyList<CgroupMembership>? TryCgroups(ProcessId pid)
        => ProcFile.TryParse(PathOf(pid, "cgroup"), CgroupReader.Parse);

    /// <summary>/proc/PID/task/TID/cgroup.</summary>
    public static IReadOnlyList<CgroupMembership>? TryCgroups(ProcessId pid, ThreadId tid)
        => ProcFile.TryParse(PathOf(pid, tid, "cgroup"), CgroupReader.Parse);

    /// <summary>/proc/PID/mountinfo.</summary>
    public static IReadOnlyList<Mount> Mounts(ProcessId pid) => TryMounts(pid) ?? throw Gone(pid);

    /// <inheritdoc cref="Mounts"/>
    /// <remarks>A thread that has ended has left its mount namespace, also the first one of a process that runs on.</remarks>
    public static IReadOnlyList<Mount>? TryMounts(ProcessId pid) => ProcFile.TryParse(PathOf(pid, "mountinfo"), MountInfoReader.Parse)
        ?? (TryThreads(pid) ?? []).Select(thread => ProcFile.TryParse(PathOf(pid, thread, "mountinfo"), MountInfoReader.Parse)).FirstOrDefault(mounts => mounts is not null);

    /// <summary>The threads of a process, the leader first. Complete only where the process is frozen.</summary>
    public static IReadOnlyList<ThreadId> Threads(ProcessId pid) => TryThreads(pid) ?? throw Gone(pid);

    /// <inheritdoc cref="Threads"/>
    public static IReadOnlyList<ThreadId>? TryThreads(ProcessId pid)
        => ProcFile.TryListNumbers(PathOf(pid, "task"))?.ConvertAll(number => new ThreadId(number));

    /// <summary>The children that a thread has (children belong to the thread that made them). Linux may skip some while
    /// others exit (man 5 proc_tid_children): complete only where all of them are frozen.</summary>
    public static IReadOnlyList<ProcessId> Children(ThreadId tid) => TryChildren(tid) ?? throw NoSuch($"thread {tid}");

    /// <inheritdoc cref="Children"/>
    public static IReadOnlyList<ProcessId>? TryChildren(ThreadId tid)
    {
        // /proc/TID works for every thread, though only leaders are listed in /proc.
        var pid = new ProcessId(tid.Value);
        IReadOnlyList<ProcessId>? children = ProcFile.TryParse(PathOf(pid, tid, "children"), ChildrenReader.Parse);
        if (children is null && TryStat(pid, tid) is not null)
        {
            throw new EngineException(
                EngineFailure.Failed, $"{PathOf(pid, tid, "children")} does not exist", "this kernel lacks CONFIG_PROC_CHILDREN");
        }

        return children;
    }

    /// <summary>Open descriptors, ascending.</summary>
    public static IReadOnlyList<int> FileDescriptors(ProcessId pid) => TryFileDescriptors(pid) ?? throw Gone(pid);

    /// <inheritdoc cref="FileDescriptors"/>
    public static IReadOnlyList<int>? TryFileDescriptors(ProcessId pid)
    {
        List<int>? descriptors = ProcFile.TryListNumbers(PathOf(pid, "fd"));
        descriptors?.Sort();
        return descriptors;
    }

    /// <summary>The text of a link such as <c>/proc/PID/exe</c>, or null where the link is absent.</summary>
    public static string? ReadLink(string path) => ProcFile.TryReadLink(path);

    /// <summary>/proc/PID/task/TID/syscall: the call that a thread is in, with its arguments.</summary>
    public static string? TrySyscall(ProcessId pid, ThreadId tid)
        => ProcFile.TryParse(PathOf(pid, tid, "syscall"), text => Encoding.ASCII.GetString(text));

    /// <summary>Time of the boot in seconds since the epoch, the <c>btime</c> line of /proc/stat.</summary>
    public static long BootUnixSeconds()
        => long.Parse(File.ReadLines("/proc/stat").First(line => line.StartsWith("btime ", StringComparison.Ordinal)).AsSpan("btime ".Length), CultureInfo.InvariantCulture);

    /// <summary>Random ID of this boot, /proc/sys/kernel/random/boot_id; read once.</summary>
    public static string BootId() => _bootId.Value;

    /// <summary>Command line for people: arguments joined by spaces; <c>[comm]</c> where there are none, as ps(1) shows it.</summary>
    public static string CommandLine(ProcessId pid) => TryCommandLine(pid) ?? throw Gone(pid);

    /// <inheritdoc cref="CommandLine"/>
    public static string? TryCommandLine(ProcessId pid)
    {
        string? arguments = ProcFile.TryParse(PathOf(pid, "cmdline"), JoinArguments);
        return arguments?.Length == 0 ? TryStat(pid) is { } stat ? $"[{ProcText.ForPeople(stat.CommBytes.Span)}]" : null : arguments;
    }

    /// <summary>Who a PID is now, or null where it is absent or dead. A process whose main thread has exited while others
    /// run has a zombie for a leader and is alive: to take it for dead would recover a second copy of it.</summary>
    public static ProcessIdentity? IdentityOf(ProcessId pid)
        => TryStat(pid) is { IsDead: false } stat && !IsEnding(pid, stat) ? new ProcessIdentity(pid, stat.StartTicks, BootId()) : null;

    /// <summary>True where all of a process is about to end; it may have given up its memory already. Its main thread alone may have called pthread_exit(3).</summary>
    private static bool IsEnding(ProcessId pid, ProcStat stat)
        => stat.IsEnding && (TryThreads(pid) ?? []).All(thread => TryStat(pid, thread) is not { IsEnding: false });

    /// <summary>A short file of a process as text, without the newline at its end.</summary>
    public static string Text(ProcessId pid, string name)
        => ProcFile.TryParse(PathOf(pid, name), text => Encoding.UTF8.GetString(text.TrimEnd((byte)'\n'))) ?? throw Gone(pid);

    /// <summary>/proc/PID/coredump_filter, which kinds of memory go into a core file; null on a kernel that writes none.</summary>
    public static uint? TryCoreFilter(ProcessId pid)
        => ProcFile.TryParse(PathOf(pid, "coredump_filter"), text => Encoding.ASCII.GetString(text.Trim((byte)'\n'))) is { Length: > 0 } filter
            ? uint.Parse(filter, NumberStyles.HexNumber, CultureInfo.InvariantCulture) : null;

    /// <summary>/proc/PID/loginuid, whom the audit system takes the process for; 4294967295: nobody has logged in. Null on a kernel without audit.</summary>
    public static uint? TryLoginId(ProcessId pid)
        => ProcFile.TryParse(PathOf(pid, "loginuid"), text => Encoding.ASCII.GetString(text)) is { } login ? uint.Parse(login, CultureInfo.InvariantCulture) : null;

    /// <summary>A short file of a process as it is.</summary>
    public static byte[] Bytes(ProcessId pid, string name)
        => ProcFile.TryParse(PathOf(pid, name), text => text.ToArray()) ?? throw Gone(pid);

    /// <summary>Release of the running kernel, /proc/sys/kernel/osrelease.</summary>
    public static string KernelRelease()
        => ProcFile.TryParse("/proc/sys/kernel/osrelease", text => Encoding.ASCII.GetString(text.TrimEnd((byte)'\n'))) ?? string.Empty;

    /// <summary>Features of the first processor, the "flags" line of /proc/cpuinfo.</summary>
    public static IReadOnlyList<string> CpuFlags()
    {
        string line = File.ReadLines("/proc/cpuinfo").FirstOrDefault(line => line.StartsWith("flags", StringComparison.Ordinal)) ?? string.Empty;
        return line[(line.IndexOf(':', StringComparison.Ordinal) + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries);
    }

    /// <summary>True where a mapping has another memory policy than the default, the second word of its line in /proc/PID/numa_maps.
    /// False where there is one node only: then a policy has no effect, and the kernel walks all page tables for that file.</summary>
    public static bool HasNumaPolicy(ProcessId pid)
        => HasSeveralNodes() && ProcFile.TryParse(PathOf(pid, "numa_maps"), text => Encoding.UTF8.GetString(text)) is { } maps
            && maps.Split('\n').Any(line => line.Split(' ') is [_, not "default", ..]);

    /// <summary>False too where the kernel has no NUMA support.</summary>
    private static bool HasSeveralNodes()
        => ProcFile.TryParse("/sys/devices/system/node/online", text => Encoding.ASCII.GetString(text)) is { } nodes && nodes.AsSpan().ContainsAny(',', '-');

    /// <summary>All processes of our PID namespace.</summary>
    public static IReadOnlyList<ProcessId> Processes()
        => ProcFile.TryListNumbers("/proc")?.ConvertAll(number => new ProcessId(number)) ?? [];

    /// <summary>All processes of the host, those too that our PID namespace does not show.</summary>
    public static IEnumerable<ProcessId> HostProcesses() => Processes().Concat(HostProc.Hidden());

    /// <summary>True where a thread belongs to our own process.</summary>
    public static bool IsOurThread(ThreadId tid) => Directory.Exists($"/proc/self/task/{tid}");

    /// <summary>True where a thread is gone or dead.</summary>
    public static bool IsDead(ProcessId pid, ThreadId tid) => TryStat(pid, tid) is not { State: not ('Z' or 'X' or 'x') };

    /// <summary>State of a thread for people: its letter as ps(1) shows it, and where in the kernel it waits.</summary>
    public static string ThreadState(ProcessId pid, ThreadId tid)
    {
        if (TryStat(pid, tid) is not { } stat)
        {
            return "gone";
        }

        string waits = WaitChannel(pid, tid);
        return waits.Length == 0 ? $"in state {stat.State}" : $"in state {stat.State}, waiting in {waits}";
    }

    /// <summary>Kernel function that a thread sleeps in, /proc/PID/task/TID/wchan; empty where it runs or the kernel does not tell.</summary>
    public static string WaitChannel(ProcessId pid, ThreadId tid)
        => ProcFile.TryParse(PathOf(pid, tid, "wchan"), text => Encoding.ASCII.GetString(text)) is { } name and not "0" ? name : string.Empty;

    private static string JoinArguments(ReadOnlySpan<byte> text)
    {
        byte[] joined = text.TrimEnd((byte)0).ToArray();
        joined.AsSpan().Replace((byte)0, (byte)' ');
        return ProcText.ForPeople(joined);
    }

    private static string ReadBootId()
        => ProcFile.TryParse("/proc/sys/kernel/random/boot_id", text => Encoding.ASCII.GetString(text.Trim((byte)'\n')))
            ?? throw new EngineException(EngineFailure.Failed, "/proc/sys/kernel/random/boot_id does not exist", "mount /proc");

    private static EngineException Gone(ProcessId pid) => NoSuch($"process {pid}");

    private static EngineException Gone(ProcessId pid, ThreadId tid) => NoSuch($"thread {tid} of process {pid}");

    private static EngineException NoSuch(string what) => new(EngineFailure.NoSuchProcess, $"{what} does not exist");
}
