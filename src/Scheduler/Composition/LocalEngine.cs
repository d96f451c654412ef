using Checkpointer.Engine;
using Checkpointer.Engine.Support;
using Checkpointer.Scheduler.Jobs;

namespace Checkpointer.Scheduler.Composition;

/// <summary>The engine of this process as jobs and recovery see it.</summary>
internal sealed class LocalEngine(CheckpointEngine engine) : IJobEngine
{
    /// <inheritdoc/>
    public PreflightReport Check(ProcessId root, DumpChoices choices) => CheckpointEngine.Check(root, choices);

    /// <inheritdoc/>
    public ProcessIdentity? Identify(ProcessId pid) => CheckpointEngine.Identify(pid);

    /// <inheritdoc/>
    public ITrackedJob Track(ProcessId root, DumpChoices choices) => new LocalTrackedJob(engine.Track(root, choices));

    /// <inheritdoc/>
    public void Kill(ProcessIdentity root) => engine.Kill(root);

    /// <inheritdoc/>
    public RestoreReport Restore(
        ICheckpointSource source, string generationSuffix, IProgress<long>? restoredBytesDone, CallerTerminal? terminal, CancellationToken cancellation)
        => engine.Restore(source, generationSuffix, restoredBytesDone, cancellation, terminal);

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
