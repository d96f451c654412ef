using Checkpointer.Engine;
using Checkpointer.Engine.Support;

namespace Checkpointer.Scheduler.Jobs;

/// <summary>What jobs and recovery need of the engine. <see cref="CheckpointEngine"/> does it; the order of the steps around it
/// is proved against a fake.</summary>
internal interface IJobEngine
{
    /// <summary>As <see cref="CheckpointEngine.Check"/>.</summary>
    PreflightReport Check(ProcessId root);

    /// <summary>As <see cref="CheckpointEngine.Identify"/>.</summary>
    ProcessIdentity? Identify(ProcessId pid);

    /// <summary>As <see cref="CheckpointEngine.Dump"/>.</summary>
    DumpReport Dump(ProcessId root, ICheckpointSink sink, IProgress<long>? populatedBytesDone, CancellationToken cancellation);

    /// <summary>As <see cref="CheckpointEngine.Kill"/>.</summary>
    void Kill(ProcessIdentity root);

    /// <summary>As <see cref="CheckpointEngine.Restore"/>.</summary>
    RestoreReport Restore(
        ICheckpointSource source, string generationSuffix, IProgress<long>? restoredBytesDone, CancellationToken cancellation);

    /// <summary>As <see cref="CheckpointEngine.Probe"/>.</summary>
    IReadOnlyList<HostCapability> Probe();
}
