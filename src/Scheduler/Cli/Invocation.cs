using Checkpointer.Engine;
using Checkpointer.Scheduler.Cli.Rendering;
using Checkpointer.Scheduler.Composition;
using Checkpointer.Scheduler.Control;
using Checkpointer.Scheduler.Jobs;
using Checkpointer.Scheduler.Recovery;

namespace Checkpointer.Scheduler.Cli;

/// <summary>One run of a verb: where it writes, what it works with, and whether it was cancelled.</summary>
internal sealed class Invocation(
    Output output, IRooms rooms, IProgressDisplay progress, TimeProvider time, CancellationToken cancellation)
{
    /// <summary>Where it writes.</summary>
    public Output Output { get; } = output;

    /// <summary>Engine and store.</summary>
    public IRooms Rooms { get; } = rooms;

    /// <summary>Where long work shows how far it is.</summary>
    public IProgressDisplay Progress { get; } = progress;

    /// <summary>The clock.</summary>
    public TimeProvider Time { get; } = time;

    /// <summary>Signals to this process; null where it has none of its own, in tests.</summary>
    public Signals? Signals { get; init; }

    /// <summary>True with <c>--verbose</c>.</summary>
    public bool IsVerbose { get; init; }

    /// <summary>Set by Ctrl-C and SIGTERM.</summary>
    public CancellationToken Cancellation { get; } = cancellation;

    /// <summary>The service of the store; null where none answers. The caller disposes it.</summary>
    public ControlClient? TryService() => ControlClient.TryConnect(Rooms.StoreDirectory);

    /// <summary>A recoverer over an open store.</summary>
    /// <param name="store">The store.</param>
    /// <param name="choices">What is decided.</param>
    /// <param name="isDryRun">Nothing is restored; what would be is told.</param>
    /// <param name="copy">Name of a new job that is restored beside the one of the generation; null for none.</param>
    public JobRecoverer CreateRecoverer(IJobStore store, RestoreChoices choices, bool isDryRun, string? copy = null)
        => new(Rooms.Engine, store, new GenerationRestorer(Rooms.Engine, store, Progress, Time, choices, copy), isDryRun);
}
