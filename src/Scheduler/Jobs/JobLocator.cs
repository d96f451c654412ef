using Checkpointer.Engine;
using Checkpointer.Engine.Support;
using Checkpointer.Store;

namespace Checkpointer.Scheduler.Jobs;

/// <summary>
/// Tells whether a job's process is alive. A PID alone proves nothing: after a crash it may belong to somebody else, and after a
/// reboot even PID and start time may repeat. So boot, PID and start time must all be as recorded.
/// </summary>
internal sealed class JobLocator(IJobEngine engine)
{
    /// <summary>The processes that the job is.</summary>
    public static JobScope ScopeOf(JobRecord job) => job.Cgroup is { } cgroup ? JobScope.FromCgroup(cgroup) : JobScope.FromProcessId(new ProcessId(job.Pid));

    /// <summary>The job's root process if it is alive, else null. Of a cgroup it is the oldest that is in it, whoever that is.</summary>
    public ProcessIdentity? FindRunning(JobRecord job)
    {
        ProcessIdentity? now = engine.Identify(ScopeOf(job));
        return now is not null && IsSame(job, now) ? now : null;
    }

    /// <summary>The job's root process.</summary>
    /// <exception cref="SchedulerException">It does not run; the message says what became of its PID.</exception>
    public ProcessIdentity RequireRunning(JobRecord job)
    {
        ProcessIdentity? now = engine.Identify(ScopeOf(job));
        if (now is not null && IsSame(job, now))
        {
            return now;
        }

        throw new SchedulerException(
            SchedulerFailure.NotRunning,
            $"job {job.Name} is not running ({WhatBecameOf(job, now)})",
            $"bring it back with `checkpointer recover --latest {job.Name}`");
    }

    /// <summary>The registered job whose root process this is, or null.</summary>
    public static JobRecord? FindByProcess(IJobStore store, ProcessIdentity identity)
        => store.Jobs().FirstOrDefault(job => job.IsRegistered && IsRecorded(job, identity));

    private static bool IsSame(JobRecord job, ProcessIdentity now)
        => job.Cgroup is not null || IsRecorded(job, now);

    private static bool IsRecorded(JobRecord job, ProcessIdentity now)
        => job.Pid == now.Pid.Value && job.StartTicks == now.StartTicks && job.BootId == now.BootId;

    private static string WhatBecameOf(JobRecord job, ProcessIdentity? now)
    {
        if (job.Cgroup is { } cgroup)
        {
            return $"the cgroup {cgroup} has no process";
        }

        if (now is null)
        {
            return $"PID {job.Pid} is gone";
        }

        return now.BootId == job.BootId
            ? $"PID {job.Pid} is another process now"
            : $"the host was rebooted since, PID {job.Pid} is another process now";
    }
}
