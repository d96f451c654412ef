using Checkpointer.Engine.Proc;
using Checkpointer.Engine.Support;
using Checkpointer.Engine.Worker;

namespace Checkpointer.Engine.Tracing;

/// <summary>The processes of a job, parents before children, as /proc shows them now. The first is the job's root; in a cgroup there may be others whose
/// parents are outside.</summary>
/// <param name="Live">Processes that run or are stopped.</param>
/// <param name="Zombies">Processes that ended and were not waited for.</param>
/// <param name="IsForest">Others than the first may have their parents outside.</param>
internal sealed record ProcessTree(IReadOnlyList<ProcessId> Live, IReadOnlyList<ProcessId> Zombies, bool IsForest)
{
    /// <summary>Walks /proc/PID/task/TID/children from the roots down; empty where there is none.</summary>
    public static ProcessTree Walk(JobScope scope)
    {
        var live = new List<ProcessId>();
        var zombies = new List<ProcessId>();
        var queue = new Queue<ProcessId>(scope.Root is { } root ? [root] : RootsIn(scope.Cgroup!));
        while (queue.TryDequeue(out var process))
        {
            if (ProcFs.TryStat(process) is not { } stat)
            {
                continue;
            }

            if (stat.IsDead)
            {
                zombies.Add(process);
                continue;
            }

            live.Add(process);
            StandIns.Set(process, stat.State == 'Z' ? LiveThread(process) : null);
            foreach (var child in (ProcFs.TryThreads(process) ?? []).SelectMany(thread => ProcFs.TryChildren(thread) ?? []))
            {
                queue.Enqueue(child);
            }
        }

        return new ProcessTree(live, zombies, scope.Cgroup is not null);
    }

    /// <summary>
    /// Processes of a cgroup that have no ancestor in it. Those whose session came from outside are first: after a restore they lead it, and only who is made
    /// in it can be born in it. Then come the leaders of sessions, then the others, each by age.
    /// </summary>
    private static IEnumerable<ProcessId> RootsIn(string cgroup)
    {
        var stats = CgroupProcesses.Of(cgroup).Where(process => !PrivateInit.Is(process)).Select(ProcFs.TryStat).OfType<ProcStat>().Where(stat => !stat.IsDead).ToDictionary(stat => stat.Pid);
        return stats.Values.Where(stat => !HasAncestor(stat, stats))
            .OrderBy(stat => !stats.ContainsKey(stat.Session) ? 0 : stat.Session == stat.Pid ? 1 : 2).ThenBy(stat => stat.StartTicks).ThenBy(stat => stat.Pid)
            .Select(stat => new ProcessId(stat.Pid));
    }

    private static bool HasAncestor(ProcStat process, Dictionary<int, ProcStat> members)
    {
        for (var at = process; at is { ParentPid: > 0 }; at = ProcFs.TryStat(new ProcessId(at.ParentPid)))
        {
            if (members.ContainsKey(at.ParentPid))
            {
                return true;
            }
        }

        return false;
    }

    private static ThreadId? LiveThread(ProcessId process)
    {
        foreach (var thread in (ProcFs.TryThreads(process) ?? []).Where(thread => !ProcFs.IsDead(process, thread)))
        {
            return thread;
        }

        return null;
    }
}
