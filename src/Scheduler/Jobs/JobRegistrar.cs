using System.Globalization;
using Checkpointer.Engine;
using Checkpointer.Engine.Support;
using Checkpointer.Scheduler.Policies;
using Checkpointer.Store;

namespace Checkpointer.Scheduler.Jobs;

/// <summary>Takes running processes under our care.</summary>
internal sealed class JobRegistrar(IJobEngine engine, TimeProvider time)
{
    /// <summary>Looks at processes before they become a job. Touches neither them nor a store.</summary>
    /// <param name="scope">The processes.</param>
    /// <param name="choices">What is done about state that cannot be carried as it is.</param>
    /// <exception cref="EngineException">It does not exist or cannot be a job.</exception>
    public (ProcessIdentity Identity, PreflightReport Report) Inspect(JobScope scope, DumpChoices choices)
    {
        // The identity is taken on both sides of the look: a PID that changed hands in between must not be registered.
        ProcessIdentity? before = engine.Identify(scope);
        PreflightReport report = engine.Check(scope, choices);
        ProcessIdentity? after = engine.Identify(scope);
        if (before is null || before != after)
        {
            throw new EngineException(
                EngineFailure.NoSuchProcess, $"{scope} is gone", "name a process that is alive; `ps -e` lists them");
        }

        return (before, report);
    }

    /// <summary>Registers inspected processes.</summary>
    /// <param name="store">Where.</param>
    /// <param name="name">Its name.</param>
    /// <param name="scope">The processes.</param>
    /// <param name="identity">The first of them.</param>
    /// <param name="report">What preflight said.</param>
    /// <param name="policy">Remembered with it; null for the default.</param>
    /// <exception cref="SchedulerException">They are a job already: recovering both would restore them twice.</exception>
    public JobRecord Register(
        IJobStore store, string name, JobScope scope, ProcessIdentity identity, PreflightReport report, JobPolicy? policy = null)
    {
        if (JobLocator.FindByProcess(store, identity) is { } known && known.Name != name)
        {
            throw new SchedulerException(
                SchedulerFailure.Failed,
                $"process {identity.Pid} is registered already, as job {known.Name}",
                $"use {known.Name}, or `checkpointer unregister {known.Name}` first");
        }

        var job = new JobRecord(
            name, identity.Pid.Value, identity.StartTicks, identity.BootId, report.Command, time.GetUtcNow(), IsRegistered: true, scope.Cgroup,
            (policy ?? JobPolicy.Default).ToText(), Owner: engine.OwnerOf(identity.Pid));
        store.Register(job);
        return job;
    }

    /// <summary>Name of a job that was dumped by PID without being registered.</summary>
    public static string NameFor(ProcessId pid) => string.Create(CultureInfo.InvariantCulture, $"pid-{pid}");
}
