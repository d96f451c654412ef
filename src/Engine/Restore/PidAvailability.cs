using System.Diagnostics;
using Checkpointer.Engine.Interop;
using Checkpointer.Engine.Proc;
using Checkpointer.Engine.Support;

namespace Checkpointer.Engine.Restore;

/// <summary>Makes sure that the IDs of a generation are free, and names the holder where one is not.</summary>
internal static class PidAvailability
{
    private const uint PollMicroseconds = 5000;

    /// <summary>Waits for IDs that only dead processes still hold; refuses those that live ones do.</summary>
    /// <exception cref="EngineException">PidTaken.</exception>
    public static void Require(IEnumerable<int> ids, TimeSpan timeout)
    {
        var start = Stopwatch.GetTimestamp();
        foreach (var id in ids.Select(id => new ThreadId(id)))
        {
            while (ProcFs.TryStat(new ProcessId(id.Value)) is { } holder)
            {
                var isDead = holder.State is 'Z' or 'X' or 'x';
                if (!isDead || Stopwatch.GetElapsedTime(start) > timeout)
                {
                    throw Taken(id);
                }

                ReapIfOurs(id);
                _ = Libc.usleep(PollMicroseconds);
            }
        }
    }

    /// <summary>The refusal for an ID that is taken.</summary>
    public static EngineException Taken(ThreadId id)
    {
        var (who, hint) = Holder(id);
        return new EngineException(EngineFailure.PidTaken, $"PID {id} is needed by the job, but it is taken by {who}.", hint);
    }

    private static unsafe void ReapIfOurs(ThreadId id)
    {
        var status = 0;
        // ECHILD where it is somebody else's child: then its own parent, or init, has to do it.
        _ = Libc.waitpid(id.Value, &status, WaitOption.WNOHANG);
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
