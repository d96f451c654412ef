using Checkpointer.Engine;
using Checkpointer.Engine.Support;

namespace Checkpointer.Scheduler.Jobs;

/// <summary>What jobs and recovery need of the engine. <see cref="CheckpointEngine"/> does it; the order of the steps around it
/// is proved against a fake.</summary>
internal interface IJobEngine
{
    /// <summary>As <see cref="CheckpointEngine.Check"/>.</summary>
    PreflightReport Check(JobScope scope, DumpChoices choices);

    /// <summary>As <see cref="CheckpointEngine.Identify"/>.</summary>
    ProcessIdentity? Identify(JobScope scope);

    /// <summary>As <see cref="CheckpointEngine.Track"/>. The caller disposes it.</summary>
    ITrackedJob Track(JobScope scope, DumpChoices choices, FilePolicy files, DumpLimits limits);

    /// <summary>As <see cref="CheckpointEngine.Restore"/>.</summary>
    RestoreReport Restore(
        ICheckpointSource source, string generationSuffix, IProgress<long>? restoredBytesDone, RestoreChoices choices, Action<ProcessIdentity> built,
        CancellationToken cancellation);

    /// <summary>As <see cref="CheckpointEngine.OwnerOf"/>.</summary>
    uint? OwnerOf(ProcessId process);

    /// <summary>As <see cref="CheckpointEngine.ThawLeft"/>.</summary>
    void ThawLeft(JobScope scope);

    /// <summary>As <see cref="CheckpointEngine.Members"/>.</summary>
    IReadOnlyList<ProcessIdentity> Members(JobScope scope);

    /// <summary>As <see cref="CheckpointEngine.PlanRestore"/>.</summary>
    IReadOnlyList<FileChange> PlanRestore(ICheckpointSource source, string generationSuffix, RestoreChoices choices);

    /// <summary>As <see cref="CheckpointEngine.Rehearse"/>.</summary>
    RehearsalReport Rehearse(ICheckpointSource source, long populatedBytes, IProgress<long>? bytesDone, CancellationToken cancellation);

    /// <summary>As <see cref="CheckpointEngine.Probe"/>.</summary>
    IReadOnlyList<HostCapability> Probe();
}

/// <summary>What jobs need of a <see cref="TrackedJob"/>.</summary>
internal interface ITrackedJob : IDisposable
{
    /// <summary>As <see cref="TrackedJob.Dump"/>.</summary>
    DumpReport Dump(ICheckpointSink sink, IProgress<long>? bytesDone, bool stops, CancellationToken cancellation);

    /// <summary>As <see cref="TrackedJob.Stop"/>.</summary>
    void Stop(ProcessIdentity root);

    /// <summary>As <see cref="TrackedJob.Committed"/>.</summary>
    void Committed();
}
