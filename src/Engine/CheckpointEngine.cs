using Checkpointer.Engine.Support;
using Microsoft.Extensions.Logging;

namespace Checkpointer.Engine;

/// <summary>
/// Entry point of the engine: processes to images and back. Safe for use from any thread; each operation runs to its
/// end on a tracer thread of its own, because ptrace belongs to one OS thread.
/// </summary>
public sealed class CheckpointEngine(EngineOptions options, ILoggerFactory loggers)
{
    /// <summary>Lists what in the job cannot be carried. Touches nothing.</summary>
    /// <exception cref="EngineException">No such process, or not one that can be a job.</exception>
    public PreflightReport Check(ProcessId root) => throw new NotImplementedException();

    /// <summary>Tells who a PID is now, or null where it is not alive (absent or a zombie).</summary>
    public static ProcessIdentity? Identify(ProcessId pid) => throw new NotImplementedException();

    /// <summary>Freezes the job, takes its state, thaws it, and hands the state to <paramref name="sink"/>.
    /// Returns after the last byte went to the sink; committing is the caller's. On any failure the job runs on as found.</summary>
    /// <exception cref="UnsupportedResourceException">State that is not carried.</exception>
    /// <exception cref="EngineException">Anything else; the job was thawed.</exception>
    public DumpReport Dump(ProcessId root, ICheckpointSink sink, IProgress<long>? populatedBytesDone, CancellationToken cancellation)
        => throw new NotImplementedException();

    /// <summary>Kills the whole tree under <paramref name="root"/> (used by <c>dump --stop</c>).</summary>
    public void Kill(ProcessIdentity root) => throw new NotImplementedException();

    /// <summary>Builds the processes of a generation and lets them run. On any failure nothing of them is left.</summary>
    /// <param name="source">The generation.</param>
    /// <param name="generationSuffix">Names the generation in file names, as in <c>out.log.after-md-12</c>.</param>
    /// <param name="restoredBytesDone">Progress in bytes of memory.</param>
    /// <param name="cancellation">Cancels until the processes run.</param>
    public RestoreReport Restore(
        ICheckpointSource source, string generationSuffix, IProgress<long>? restoredBytesDone, CancellationToken cancellation)
        => throw new NotImplementedException();

    /// <summary>Tries by use what the engine needs from this host.</summary>
    public IReadOnlyList<HostCapability> Probe() => throw new NotImplementedException();
}
