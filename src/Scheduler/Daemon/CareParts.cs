using Checkpointer.Scheduler.Jobs;
using Checkpointer.Scheduler.Policies;
using Checkpointer.Scheduler.Upkeep;
using Microsoft.Extensions.Logging;

namespace Checkpointer.Scheduler.Daemon;

/// <summary>What the care of every job needs.</summary>
/// <param name="Engine">Dumps and restores.</param>
/// <param name="Store">Keeps.</param>
/// <param name="Policies">What holds for jobs.</param>
/// <param name="Ends">Tells when processes end.</param>
/// <param name="Timers">Tells when dumps are due.</param>
/// <param name="Slots">Limits dumps.</param>
/// <param name="Restores">Limits restores.</param>
/// <param name="Time">The clock.</param>
/// <param name="Log">Where it logs.</param>
/// <param name="Stopping">Set when the service ends: dumps under way are given up, jobs run on.</param>
internal sealed record CareParts(
    IJobEngine Engine, IJobStore Store, PolicyFolder Policies, IProcessEnds Ends, ITimers Timers, DumpSlots Slots, DumpSlots Restores, TimeProvider Time, ILogger Log,
    CancellationToken Stopping)
{
    /// <summary>Writes down what happens.</summary>
    public JobHistory History { get; } = new(Store, Time, Log);

    /// <summary>Told what happens to jobs.</summary>
    public IReadOnlyList<IJobObserver> Observers
    {
        init => History.Observers = value;
    }

    /// <summary>Runs hooks and asks systemd; null where nothing can.</summary>
    public ICommandRunner? Commands { get; init; }

    /// <summary>The commands that policies want around dumps.</summary>
    public DumpHooks Hooks => new(Commands, Log);

    /// <summary>Says whether the host goes down.</summary>
    public HostShutdown Shutdown => new(Commands, Log);

    /// <summary>Tells when memory is short; null where nobody asks.</summary>
    public IPressure? Pressure { get; init; }

    /// <summary>Limits rehearsals by schedule; null where there are none.</summary>
    public DumpSlots? Rehearsals { get; init; }

    /// <summary>What is remembered over the end of the service; null without one.</summary>
    public ServiceMemory? Memory { get; init; }

    /// <summary>Told where generations were forgotten, so that there may be garbage.</summary>
    public Action Forgot { get; init; } = () => { };

    /// <summary>True for failures that are part of life: they end one operation and nothing else.</summary>
    public static bool IsExpected(Exception failure)
        => failure is Checkpointer.Engine.EngineException or Checkpointer.Store.StoreException or SchedulerException or IOException or UnauthorizedAccessException;
}
