using System.Text.Json.Serialization;
using Checkpointer.Engine.Support;

namespace Checkpointer.Engine.Worker;

/// <summary>What a worker can do.</summary>
internal enum WorkerTask
{
    /// <summary><see cref="CheckpointEngine.Check"/>.</summary>
    Check,

    /// <summary><see cref="TrackedJob.Dump"/>; the job is followed from the first on.</summary>
    Dump,

    /// <summary><see cref="TrackedJob.Committed"/>.</summary>
    Committed,

    /// <summary><see cref="TrackedJob.Stop"/>.</summary>
    Stop,

    /// <summary><see cref="CheckpointEngine.Restore"/>.</summary>
    Restore,

    /// <summary><see cref="CheckpointEngine.Rehearse"/>.</summary>
    Rehearse,
}

/// <summary>A request to a worker. PIDs are those inside.</summary>
/// <param name="Task">What to do.</param>
internal sealed record WorkerRequest(WorkerTask Task)
{
    /// <summary>Options of the engine.</summary>
    public EngineOptions Options { get; init; } = new();

    /// <summary>First process of the job; 0: the job is a cgroup.</summary>
    public int Root { get; init; }

    /// <summary>Directory of the cgroup.</summary>
    public string? Cgroup { get; init; }

    /// <summary>As of <see cref="CheckpointEngine.Track"/>.</summary>
    public DumpChoices Choices { get; init; } = DumpChoices.Default;

    /// <summary>As of <see cref="CheckpointEngine.Track"/>.</summary>
    public FilePolicy Files { get; init; } = FilePolicy.Default;

    /// <summary><see cref="ICheckpointSink.HasBase"/>.</summary>
    public bool HasBase { get; init; }

    /// <summary>As of <see cref="TrackedJob.Dump"/>.</summary>
    public bool Stops { get; init; }

    /// <summary>Who is stopped, as the worker's report of the last dump named it.</summary>
    public ProcessIdentity? Process { get; init; }

    /// <summary><see cref="ICheckpointSource.Name"/>.</summary>
    public string Generation { get; init; } = string.Empty;

    /// <summary><see cref="ICheckpointSource.ImageNames"/>.</summary>
    public IReadOnlyList<string> ImageNames { get; init; } = [];

    /// <summary>As of <see cref="CheckpointEngine.Restore"/>.</summary>
    public string Suffix { get; init; } = string.Empty;

    /// <summary>As of <see cref="CheckpointEngine.Restore"/>.</summary>
    public bool KeepsFiles { get; init; }

    /// <summary>As of <see cref="RestoreChoices"/>.</summary>
    public bool IsCopy { get; init; }

    /// <summary>As of <see cref="RestoreChoices"/>; PIDs are the host's.</summary>
    public IReadOnlyList<HeldDescriptor> Waiting { get; init; } = [];

    /// <summary>What was decided for a restore.</summary>
    [JsonIgnore]
    public RestoreChoices Decided => new(KeepFiles: KeepsFiles, IsCopy: IsCopy, Waiting: Waiting);

    /// <summary>The job.</summary>
    public JobScope Scope() => Cgroup is { } cgroup ? JobScope.FromCgroup(cgroup) : JobScope.FromProcessId(new ProcessId(Root));
}

/// <summary>How a request failed.</summary>
/// <param name="Reason">Why.</param>
/// <param name="Message">A sentence.</param>
/// <param name="Hint">What can be done.</param>
/// <param name="IsCancelled">It was cancelled.</param>
/// <param name="Findings">Where it was refused.</param>
internal sealed record WorkerFailure(EngineFailure Reason, string Message, string? Hint, bool IsCancelled, IReadOnlyList<Finding> Findings)
{
    /// <summary>What is told of an exception.</summary>
    public static WorkerFailure Of(Exception exception) => exception switch
    {
        OperationCanceledException => new(EngineFailure.Failed, exception.Message, null, true, []),
        UnsupportedResourceException refused => new(refused.Reason, refused.Message, refused.Hint, false, refused.Findings),
        EngineException failed => new(failed.Reason, failed.Message, failed.Hint, false, []),
        _ => new(EngineFailure.Failed, exception.Message, null, false, []),
    };

    /// <summary>The exception on our side.</summary>
    public Exception ToException() =>
        IsCancelled ? new OperationCanceledException(Message)
        : Reason == EngineFailure.Refused && Findings.Count > 0 ? new UnsupportedResourceException(Findings)
        : new EngineException(Reason, Message, Hint);
}
