using Checkpointer.Scheduler.Jobs;
using Checkpointer.Store;

namespace Checkpointer.Scheduler.Metrics;

/// <summary>Counts what happens to jobs.</summary>
internal sealed class MetricsObserver(ServiceMetrics metrics) : IJobObserver
{
    /// <inheritdoc/>
    public void Dumped(GenerationRecord generation) => metrics.Dumped(
        generation.Name.Job,
        new DumpMeasures(
            TimeSpan.FromMicroseconds(generation.Summary.FreezeMicroseconds), generation.Duration, generation.Summary.DirtyBytes, generation.NewBytes));

    /// <inheritdoc/>
    public void DumpFailed(string job, string why) => metrics.DumpFailed(job);

    /// <inheritdoc/>
    public void Crashed(string job, string how) => metrics.Crashed(job);

    /// <inheritdoc/>
    public void Recovered(GenerationName generation, TimeSpan duration) => metrics.Restored(generation.Job, duration);

    /// <inheritdoc/>
    public void Missed(string job, int times) => metrics.Missed(job, times);

    /// <summary>How many are spoiled is a state, looked at when metrics are read.</summary>
    public void Spoiled(string job, string why)
    {
    }

    /// <inheritdoc cref="Spoiled"/>
    public void Sound(string job)
    {
    }

    /// <inheritdoc/>
    public void Rehearsed(string job, string outcome, string detail) => metrics.Rehearsed(job, outcome);

    /// <inheritdoc/>
    public void RecoveryFailed(string job, string why) => metrics.RestoreFailed(job);
}
