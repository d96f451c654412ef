namespace Checkpointer.Engine;

/// <summary>What a <see cref="TrackedJob"/> rests on: this process, or a worker in the namespaces of the job.</summary>
internal interface ITracking : IDisposable
{
    /// <summary>As <see cref="TrackedJob.Dump"/>.</summary>
    DumpReport Dump(ICheckpointSink sink, IProgress<long>? bytesDone, bool stops, CancellationToken cancellation);

    /// <summary>As <see cref="TrackedJob.Stop"/>.</summary>
    void Stop(Support.ProcessIdentity root);

    /// <summary>As <see cref="TrackedJob.Committed"/>.</summary>
    /// <param name="isToStop">The job is to be stopped now.</param>
    void Committed(bool isToStop);
}
