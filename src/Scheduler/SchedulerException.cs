namespace Checkpointer.Scheduler;

/// <summary>Why the scheduler itself, neither engine nor store, could not do what was asked.</summary>
public enum SchedulerFailure
{
    /// <summary>Something failed.</summary>
    Failed,

    /// <summary>The configuration is malformed, out of range or has unknown keys.</summary>
    BadConfiguration,

    /// <summary>The job does not run, and what was asked needs it running.</summary>
    NotRunning,

    /// <summary>The job runs, and what was asked needs it gone.</summary>
    Running,

    /// <summary>There is no generation to restore.</summary>
    NothingToRestore,

    /// <summary>The generation that was asked for is damaged.</summary>
    Damaged,
}

/// <summary>A failure of the scheduler: one sentence that names what failed and on what, and a hint what to do.</summary>
public sealed class SchedulerException(
    SchedulerFailure reason, string message, string? hint = null, Exception? innerException = null)
    : Exception(message, innerException)
{
    /// <summary>Why.</summary>
    public SchedulerFailure Reason { get; } = reason;

    /// <summary>What the operator can do, or null where the message says it.</summary>
    public string? Hint { get; } = hint;
}
