using System.Globalization;
using Checkpointer.Engine.Arch.X64;
using Checkpointer.Engine.Proc;
using Checkpointer.Engine.Support;
using Checkpointer.Engine.Tracing;

namespace Checkpointer.Engine.Resources;

/// <summary>What the kernel keeps of who used a System V object.</summary>
/// <param name="Pid">A process; 0 for none. By now it may be another's number.</param>
/// <param name="Unix">Not later than then, seconds since the epoch.</param>
internal readonly record struct SystemVUse(int Pid, long Unix);

/// <summary>Who of a job, and who else, has used a System V object: the kernel keeps PIDs, and shows what a thread waits for.</summary>
internal sealed class SystemVUsers(ProcessTree tree)
{
    private readonly HashSet<ProcessId> _job = [.. tree.Live, .. tree.Zombies];
    private readonly Lazy<HashSet<(long Call, int Id)>> _waits = new(() => [.. tree.Live.SelectMany(WaitsOf)]);

    /// <summary>The job's first process, for findings about no process in particular.</summary>
    public ProcessId Root => tree.Live[0];

    /// <summary>True for a process of the job, ended ones too.</summary>
    public bool IsOfJob(int pid) => _job.Contains(new ProcessId(pid));

    /// <summary>True where it was a process of the job, and not one that had its number before.</summary>
    public bool HasUsed(SystemVUse use) => IsOfJob(use.Pid) && ProcFs.TryStat(new ProcessId(use.Pid)) is { } stat && HadBegun(stat, use);

    /// <summary>True where a thread of the job is in one of the calls, with this ID for its first argument.</summary>
    public bool IsWaited(int id, params ReadOnlySpan<Sys> calls)
    {
        foreach (var call in calls)
        {
            if (_waits.Value.Contains(((long)call, id)))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>A process outside of the job among those that have used an object last, where it still runs.</summary>
    public ProcessId? Outsider(IEnumerable<SystemVUse> uses)
    {
        foreach (var use in uses.Where(use => use.Pid > 0 && !IsOfJob(use.Pid)).Distinct())
        {
            var process = new ProcessId(use.Pid);
            if (ProcFs.TryStat(process) is { IsDead: false } stat && HadBegun(stat, use) && !ProcessAncestry.IsBelow(process, _job))
            {
                return process;
            }
        }

        return null;
    }

    /// <summary>A process outside of the job that has a segment attached. Looks at all processes of the host.</summary>
    public ProcessId? OutsiderAttachedTo(SystemVEntry segment)
    {
        foreach (var process in ProcFs.HostProcesses().Where(process => process.IsOfHost || !IsOfJob(process.Value)))
        {
            if (MapsOf(process).Any(vma => vma.Inode == (ulong)(uint)segment.Id && vma.IsDeleted && SystemVMappings.TryKey(vma) is not null)
                && !ProcessAncestry.IsBelow(process, _job))
            {
                return process;
            }
        }

        return null;
    }

    /// <summary>Nothing of a process that we may not look into: then the freeze finds that there are more attachments than we know.</summary>
    private static IReadOnlyList<Vma> MapsOf(ProcessId process)
    {
        try
        {
            return ProcFs.TryMaps(process) ?? [];
        }
        catch (EngineException exception) when (exception.Reason == EngineFailure.NotPermitted)
        {
            return [];
        }
    }

    private static IEnumerable<(long Call, int Id)> WaitsOf(ProcessId process)
    {
        foreach (var thread in ProcFs.TryThreads(process) ?? [])
        {
            // "65 0x8000 0x7ffd... " while it waits in a call, "running" else.
            var words = (ProcFs.TrySyscall(process, thread) ?? string.Empty).Split(' ');
            if (words.Length > 1 && long.TryParse(words[0], CultureInfo.InvariantCulture, out var call)
                && ulong.TryParse(words[1].AsSpan(2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var first))
            {
                yield return (call, unchecked((int)first));
            }
        }
    }

    private static bool HadBegun(ProcStat stat, SystemVUse use) => StartUnix(stat) <= use.Unix + 1;

    private static long StartUnix(ProcStat stat)
    {
        const long TicksPerSecond = 100; // USER_HZ of all architectures
        return ProcFs.BootUnixSeconds() + (long)(stat.StartTicks / (ulong)TicksPerSecond);
    }
}
