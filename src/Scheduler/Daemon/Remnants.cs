using Checkpointer.Engine;
using Checkpointer.Engine.Support;
using Checkpointer.Scheduler.Jobs;
using Checkpointer.Store;

namespace Checkpointer.Scheduler.Daemon;

/// <summary>
/// Processes of a job that outlive its root. They are half of a copy that has crashed, they hold PIDs that the restore needs, and two copies must never run: before a recovery
/// they are killed. Known are those that lived at the last dump, by PID and start time, so that nobody else is ever hit.
/// </summary>
internal sealed class Remnants(string job, CareParts parts)
{
    private const int Kill9 = 9; // SIGKILL
    private IReadOnlyList<ProcessIdentity> _members = [];

    /// <summary>Remembers who belongs to the job now. Of a cgroup nobody outlives the job: it runs as long as any process is in it.</summary>
    public void Remember(JobRecord record) => _members = record.Cgroup is null ? parts.Engine.Members(JobLocator.ScopeOf(record)) : [];

    /// <summary>Kills those that are still there.</summary>
    public void Kill()
    {
        foreach (ProcessIdentity member in _members)
        {
            if (ProcessLauncher.TrySignal(member, Kill9))
            {
                DaemonLog.RemnantKilled(parts.Log, job, member.Pid.Value);
            }
        }

        _members = [];
    }
}
