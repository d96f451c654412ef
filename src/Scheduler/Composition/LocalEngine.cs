using Checkpointer.Engine;
using Checkpointer.Engine.Support;
using Checkpointer.Scheduler.Jobs;

namespace Checkpointer.Scheduler.Composition;

/// <summary>The engine of this process as jobs and recovery see it.</summary>
internal sealed class LocalEngine(CheckpointEngine engine) : IJobEngine
{
    /// <inheritdoc/>
    public PreflightReport Check(JobScope scope, DumpChoices choices) => CheckpointEngine.Check(scope, choices);

    /// <inheritdoc/>
    public ProcessIdentity? Identify(JobScope scope) => CheckpointEngine.Identify(scope);

    /// <inheritdoc/>
    public ITrackedJob Track(JobScope scope, DumpChoices choices, FilePolicy files, DumpLimits limits)
        => new LocalTrackedJob(engine.Track(scope, choices, files, limits));

    /// <inheritdoc/>
    public RestoreReport Restore(
        ICheckpointSource source, string generationSuffix, IProgress<long>? restoredBytesDone, RestoreChoices choices, Action<ProcessIdentity> built,
        CancellationToken cancellation)
        => engine.Restore(source, generationSuffix, restoredBytesDone, choices, built, cancellation);

    /// <inheritdoc/>
    public uint? OwnerOf(ProcessId process) => CheckpointEngine.OwnerOf(process);

    /// <inheritdoc/>
    public void ThawLeft(JobScope scope) => CheckpointEngine.ThawLeft(scope);

    /// <inheritdoc/>
    public IReadOnlyList<ProcessIdentity> Members(JobScope scope) => CheckpointEngine.Members(scope);

    /// <inheritdoc/>
    public IReadOnlyList<FileChange> PlanRestore(ICheckpointSource source, string generationSuffix, RestoreChoices choices)
        => engine.PlanRestore(source, generationSuffix, choices);

    /// <inheritdoc/>
    public RehearsalReport Rehearse(ICheckpointSource source, long populatedBytes, IProgress<long>? bytesDone, CancellationToken cancellation)
        => engine.Rehearse(source, populatedBytes, bytesDone, cancellation);

    /// <inheritdoc/>
    public IReadOnlyList<HostCapability> Probe() => engine.Probe();

    private sealed class LocalTrackedJob(TrackedJob job) : ITrackedJob
    {
        public DumpReport Dump(ICheckpointSink sink, IProgress<long>? bytesDone, bool stops, CancellationToken cancellation)
            => job.Dump(sink, bytesDone, stops, cancellation);

        public void Stop(ProcessIdentity root) => job.Stop(root);

        public void Committed() => job.Committed();

        public void Dispose() => job.Dispose();
    }
}
