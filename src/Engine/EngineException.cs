namespace Checkpointer.Engine;

/// <summary>Why the engine could not do what was asked.</summary>
public enum EngineFailure
{
    /// <summary>A system call or an invariant failed.</summary>
    Failed,

    /// <summary>The process does not exist or is gone.</summary>
    NoSuchProcess,

    /// <summary>The process may not be a job at all: a kernel thread, init, ourselves.</summary>
    NotAJob,

    /// <summary>The caller lacks the right to trace or restore.</summary>
    NotPermitted,

    /// <summary>Preflight found state that is not carried.</summary>
    Refused,

    /// <summary>A PID or TID that the generation needs is taken.</summary>
    PidTaken,

    /// <summary>A PID or TID that the generation needs is that of a process which has ended, and which its parent has not waited for: try later.</summary>
    PidUnreaped,

    /// <summary>The outside world differs: a file, an executable, the CPU, the kernel.</summary>
    WorldChanged,

    /// <summary>An image is malformed or of an unknown version.</summary>
    BadImage,

    /// <summary>The job did not stop, or a tracee did not answer, within its deadline: try later.</summary>
    TimedOut,

    /// <summary>A file was written all the while, so that nothing tells what it was at the freeze: dump again at once, it will be taken another way.</summary>
    FileBusy,
}

/// <summary>A failure of the engine: one sentence that names what failed and on what, and a hint what to do.</summary>
public class EngineException : Exception
{
    /// <summary>Creates the failure.</summary>
    public EngineException(EngineFailure reason, string message, string? hint = null, Exception? innerException = null)
        : base(message, innerException)
    {
        Reason = reason;
        Hint = hint;
    }

    /// <summary>Why.</summary>
    public EngineFailure Reason { get; }

    /// <summary>What the operator can do, or null where the message says it.</summary>
    public string? Hint { get; }
}

/// <summary>A dump refused because of state that the engine does not carry; the job was not touched.</summary>
public sealed class UnsupportedResourceException(IReadOnlyList<Finding> findings)
    : EngineException(
        EngineFailure.Refused,
        string.Join(" ", findings.Select(finding => finding.Sentence)),
        "run `checkpointer check` for the list, and docs/limits.md for what is carried")
{
    /// <summary>The refusals.</summary>
    public IReadOnlyList<Finding> Findings { get; } = findings;
}
