using Checkpointer.Engine.Support;
using Checkpointer.Store;

namespace Checkpointer.Scheduler.Jobs;

/// <summary>
/// Tells whether a job's process is alive. A PID alone proves nothing: after a crash it may belong to somebody else, and after a
/// reboot even PID and start time may repeat. So boot, PID and start time must all be as recorded.
/// </summary>
internal sealed class JobLocator(IJobEngine engine)
{
    /// <summary>The job's root process if it is alive, else null.</summary>
    public ProcessIdentity? FindRunning(JobRecord job)
    {
        ProcessIdentity? now = engine.Identify(new ProcessId(job.Pid));
        return now is not null && IsSame(job, now) ? now : null;
    }

    /// <summary>The job's root process.</summary>
    /// <exception cref="SchedulerException">It does not run; the message says what became of its PID.</exception>
    public ProcessIdentity RequireRunning(JobRecord job)
    {
        ProcessIdentity? now = engine.Identify(new ProcessId(job.Pid));
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
        => store.Jobs().FirstOrDefault(job => job.IsRegistered && IsSame(job, identity));

    private static bool IsSame(JobRecord job, ProcessIdentity now)
        => job.Pid == now.Pid.Value && job.StartTicks == now.StartTicks && job.BootId == now.BootId;

    private static string WhatBecameOf(JobRecord job, ProcessIdentity? now)
    {
        if (now is null)
        {
            return $"PID {job.Pid} is gone";
        }

        return now.BootId == job.BootId
            ? $"PID {job.Pid} is another process now"
            : $"the host was rebooted since, PID {job.Pid} is another process now";
    }
}
