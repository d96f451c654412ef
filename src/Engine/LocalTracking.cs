using Checkpointer.Engine.Dump;
using Checkpointer.Engine.Host;
using Checkpointer.Engine.Support;
using Checkpointer.Engine.Tracing;

namespace Checkpointer.Engine;

/// <summary>A job that is dumped by this process.</summary>
internal sealed class LocalTracking(JobScope scope, JobMemory memory, Func<JobMemory, Dumper> dumper, Func<JobMemory, TreeKiller> killer) : ITracking
{
    /// <inheritdoc/>
    public DumpReport Dump(ICheckpointSink sink, IProgress<long>? bytesDone, bool stops, CancellationToken cancellation) =>
        TracerThread.Run($"dump {scope}", () => dumper(memory).Dump(scope, sink, bytesDone, stops, cancellation));

    /// <inheritdoc/>
    public void Stop(ProcessIdentity root) => TracerThread.Run(
        $"kill {scope}",
        () =>
        {
            killer(memory).Kill(scope, root);
            return root;
        });

    /// <inheritdoc/>
    public void Committed(bool isToStop)
    {
        memory.Committed();
        if (!isToStop)
        {
            memory.JoinHugePages();
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        memory.Dispose();
        // Nothing is protected any more.
        memory.JoinHugePages();
    }
}
