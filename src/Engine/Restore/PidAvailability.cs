using System.Diagnostics;
using Checkpointer.Engine.Interop;
using Checkpointer.Engine.Proc;
using Checkpointer.Engine.Support;

namespace Checkpointer.Engine.Restore;

/// <summary>Makes sure that the IDs of a generation are free, and names the holder where one is not.</summary>
internal static class PidAvailability
{
    private const uint PollMicroseconds = 5000;

    /// <summary>Waits for IDs that only dead processes still hold, as their PID, process group or session; refuses those that live ones do.</summary>
    /// <exception cref="EngineException">PidTaken; PidUnreaped.</exception>
    public static void Require(IEnumerable<int> ids, TimeSpan timeout)
    {
        var wanted = ids.ToHashSet();
        var start = Stopwatch.GetTimestamp();
        while (FirstHolder(wanted) is { } holder)
        {
            if (!holder.IsDead || Stopwatch.GetElapsedTime(start) > timeout)
            {
                throw Taken(new ThreadId(holder.Id), holder.IsDead);
            }

            ReapIfOurs(holder.Process);
            _ = Libc.usleep(PollMicroseconds);
        }
    }

    /// <summary>The refusal for an ID that is taken.</summary>
    public static EngineException Taken(ThreadId id, bool isDead = false)
    {
        var (who, hint) = Holder(id);
        return new EngineException(isDead ? EngineFailure.PidUnreaped : EngineFailure.PidTaken, $"PID {id} is needed by the job, but it is taken by {who}.", hint);
    }

    /// <summary>An ID that is taken, and by which process; live holders first.</summary>
    private static (int Id, ProcessId Process, bool IsDead)? FirstHolder(HashSet<int> wanted)
    {
        (int Id, ProcessId Process, bool IsDead)? dead = null;
        foreach (var holder in Holders(wanted))
        {
            if (!holder.IsDead)
            {
                return holder;
            }

            dead = holder;
        }

        return dead;
    }

    private static IEnumerable<(int Id, ProcessId Process, bool IsDead)> Holders(HashSet<int> wanted)
    {
        // Threads are not listed in /proc, but can be looked up.
        foreach (var id in wanted)
        {
            if (ProcFs.TryStat(new ProcessId(id)) is { } stat)
            {
                yield return (id, new ProcessId(id), stat.IsEnding);
            }
        }

        // An ID is in use as long as a group or session bears it, even if only of a dead process that init has not reaped yet.
        foreach (var stat in ProcFs.Processes().Select(ProcFs.TryStat).OfType<ProcStat>())
        {
            var id = wanted.Contains(stat.ProcessGroup) ? stat.ProcessGroup : stat.Session;
            if (wanted.Contains(id))
            {
                yield return (id, new ProcessId(stat.Pid), stat.IsEnding);
            }
        }
    }

    private static unsafe void ReapIfOurs(ProcessId process)
    {
        var status = 0;
        // ECHILD where it is somebody else's child: then its own parent, or init, has to do it.
        _ = Libc.waitpid(process.Value, &status, WaitOption.WNOHANG);
    }

    private static (string Who, string Hint) Holder(ThreadId id)
    {
        const string EndIt = "end that process, or wait for it, and recover again";
        var process = new ProcessId(id.Value);
        if (ProcFs.TryStatus(process) is { } status)
        {
            var what = status.Tgid == id.Value ? "process" : $"a thread of process {status.Tgid},";
            return status.State == 'Z'
                ? ($"the ended process {id} ({status.Name}), which its parent {status.PPid} has not waited for", $"end process {status.PPid}, or make it wait for its child")
                : ($"{what} {id} ({status.Name}: {ProcFs.TryCommandLine(new ProcessId(status.Tgid))})", EndIt);
        }

        var member = ProcFs.Processes().Select(ProcFs.TryStat).FirstOrDefault(stat => stat is not null && (stat.ProcessGroup == id.Value || stat.Session == id.Value));
        return member is null
            ? ("a process that has just gone", "recover again")
            : ($"the process group or session {id}, to which process {member.Pid} ({member.Comm}) belongs", EndIt);
    }
}
