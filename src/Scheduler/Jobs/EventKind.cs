using Checkpointer.Store;

namespace Checkpointer.Scheduler.Jobs;

/// <summary>Words for what happens to jobs: kinds of events, and outcomes of jobs that do not run any more.</summary>
internal static class EventKind
{
    /// <summary>Taken under our care.</summary>
    public const string Registered = "registered";

    /// <summary>A generation was committed.</summary>
    public const string Dumped = "dumped";

    /// <summary>A dump failed or was refused.</summary>
    public const string DumpFailed = "dump_failed";

    /// <summary>The job ended with exit code 0.</summary>
    public const string Finished = "finished";

    /// <summary>The job ended with another exit code.</summary>
    public const string Failed = "failed";

    /// <summary>A signal ended the job.</summary>
    public const string Killed = "killed";

    /// <summary>The job is gone, and nobody knows how it ended.</summary>
    public const string Vanished = "vanished";

    /// <summary>The job ended while the host went down: it is for the next boot to bring it back.</summary>
    public const string Interrupted = "interrupted";

    /// <summary>The job was dumped and stopped.</summary>
    public const string Stopped = "stopped";

    /// <summary>The job was restored.</summary>
    public const string Recovered = "recovered";

    /// <summary>A restore failed.</summary>
    public const string RecoveryFailed = "recovery_failed";

    /// <summary>The restore waits for somebody else: it is tried again, and counts against no generation.</summary>
    public const string RecoveryWaits = "recovery_waits";

    /// <summary>No generation is left to try.</summary>
    public const string GaveUp = "gave_up";

    /// <summary>Dumps and recoveries were suspended.</summary>
    public const string Paused = "paused";

    /// <summary>Dumps and recoveries go on.</summary>
    public const string Resumed = "resumed";

    /// <summary>A verify has found generations spoiled.</summary>
    public const string Damaged = "damaged";

    /// <summary>It was tried whether the job would come back, and nothing stands against it.</summary>
    public const string Rehearsed = "rehearsed";

    /// <summary>The job would not come back.</summary>
    public const string RehearsalFailed = "rehearsal_failed";

    /// <summary>The event of a rehearsal.</summary>
    public static JobEvent OfRehearsal(string job, DateTimeOffset at, bool isGood, long? generation, string detail)
        => new(job, at, isGood ? Rehearsed : RehearsalFailed, detail) { Generation = generation };

    /// <summary>Memory is short, and the policy asks for a dump then.</summary>
    public const string Pressed = "memory_pressure";

    /// <summary>True for an end of the job that nobody asked for.</summary>
    public static bool IsCrash(string kind) => kind is Failed or Killed or Vanished;

    /// <summary>True for outcomes after which <c>recover --all</c> leaves a job alone.</summary>
    public static bool IsOver(string outcome) => outcome is Finished or Failed or Killed or Vanished;
}
