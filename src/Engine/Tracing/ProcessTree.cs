using Checkpointer.Engine.Proc;
using Checkpointer.Engine.Support;

namespace Checkpointer.Engine.Tracing;

/// <summary>A process and its descendants, parents before children, as /proc shows them now.</summary>
/// <param name="Live">Processes that run or are stopped.</param>
/// <param name="Zombies">Processes that ended and were not waited for.</param>
internal sealed record ProcessTree(IReadOnlyList<ProcessId> Live, IReadOnlyList<ProcessId> Zombies)
{
    /// <summary>Walks /proc/PID/task/TID/children from <paramref name="root"/> down.</summary>
    public static ProcessTree Walk(ProcessId root)
    {
        var live = new List<ProcessId>();
        var zombies = new List<ProcessId>();
        var queue = new Queue<ProcessId>([root]);
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

        return new ProcessTree(live, zombies);
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
