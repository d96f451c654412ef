using Checkpointer.Engine.Support;

namespace Checkpointer.Engine;

/// <summary>
/// A job that is followed from dump to dump, so that each costs what changed since the last committed one. Made by
/// <see cref="CheckpointEngine.Track"/>. Disposing ends the tracking; the job does not notice. Not for use from two threads at a time.
/// </summary>
public sealed class TrackedJob : IDisposable
{
    private readonly Func<ITracking> _track;
    private ITracking? _tracking;
    private bool _isToStop;

    internal TrackedJob(JobScope scope, Func<ITracking> track)
    {
        Scope = scope;
        _track = track;
    }

    /// <summary>The job's processes.</summary>
    public JobScope Scope { get; }

    /// <summary>True once a dump was committed: the next may build on that generation.</summary>
    public bool HasCommitted { get; private set; }

    /// <summary>
    /// Freezes the job, takes its state, thaws it, and hands the state to <paramref name="sink"/>. Returns after the last byte went to the
    /// sink; committing is the caller's, who then calls <see cref="Committed"/>. On any failure the job runs on as found, and what changed stays known as changed.
    /// </summary>
    /// <param name="sink">Where <see cref="ICheckpointSink.HasBase"/> is true, its base must be the generation of the last <see cref="Committed"/>.</param>
    /// <param name="bytesDone">Progress in bytes of memory handed over.</param>
    /// <param name="stops">The job is to be stopped (<see cref="Stop"/>) once this is committed: its connections are held from the freeze on.</param>
    /// <param name="cancellation">Cancels.</param>
    /// <exception cref="UnsupportedResourceException">State that is not carried.</exception>
    /// <exception cref="EngineException">Anything else; the job was thawed.</exception>
    public DumpReport Dump(ICheckpointSink sink, IProgress<long>? bytesDone, bool stops, CancellationToken cancellation)
    {
        _isToStop = stops;
        _tracking ??= _track();
        return _tracking.Dump(sink, bytesDone, stops, cancellation);
    }

    /// <summary>Kills the whole job, of a tree if the root is still the process that was dumped. Peers of connections that are kept are not told.</summary>
    public void Stop(ProcessIdentity root) => (_tracking ??= _track()).Stop(root);

    /// <summary>Says that the last dump is in a committed generation, the base of the next.</summary>
    public void Committed()
    {
        _tracking!.Committed(_isToStop);
        HasCommitted = true;
    }

    /// <inheritdoc/>
    public void Dispose() => _tracking?.Dispose();
}
