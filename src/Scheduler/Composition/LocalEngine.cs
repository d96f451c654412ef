using Checkpointer.Engine;
using Checkpointer.Engine.Support;
using Checkpointer.Scheduler.Jobs;

namespace Checkpointer.Scheduler.Composition;

/// <summary>The engine of this process as jobs and recovery see it.</summary>
internal sealed class LocalEngine(CheckpointEngine engine) : IJobEngine
{
    /// <inheritdoc/>
    public PreflightReport Check(ProcessId root, bool isShellJob) => CheckpointEngine.Check(root, isShellJob);

    /// <inheritdoc/>
    public ProcessIdentity? Identify(ProcessId pid) => CheckpointEngine.Identify(pid);

    /// <inheritdoc/>
    public ITrackedJob Track(ProcessId root, bool isShellJob, FilePolicy files) => new LocalTrackedJob(engine.Track(root, isShellJob, files));

    /// <inheritdoc/>
    public void Kill(ProcessIdentity root) => engine.Kill(root);

    /// <inheritdoc/>
    public RestoreReport Restore(
        ICheckpointSource source, string generationSuffix, IProgress<long>? restoredBytesDone, CallerTerminal? terminal, bool keepFiles, CancellationToken cancellation)
        => engine.Restore(source, generationSuffix, restoredBytesDone, cancellation, terminal, keepFiles);

    /// <inheritdoc/>
    public IReadOnlyList<FileChange> PlanRestore(ICheckpointSource source, string generationSuffix, bool keepFiles)
        => CheckpointEngine.PlanRestore(source, generationSuffix, keepFiles);

    /// <inheritdoc/>
    public IReadOnlyList<HostCapability> Probe() => engine.Probe();

    private sealed class LocalTrackedJob(TrackedJob job) : ITrackedJob
    {
        public DumpReport Dump(ICheckpointSink sink, IProgress<long>? bytesDone, CancellationToken cancellation)
            => job.Dump(sink, bytesDone, cancellation);

        public void Committed() => job.Committed();

        public void Dispose() => job.Dispose();
    }
}
