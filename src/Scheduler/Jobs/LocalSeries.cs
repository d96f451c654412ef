namespace Checkpointer.Scheduler.Jobs;

/// <summary>A series that is dumped by this process.</summary>
/// <param name="dumper">Of the job.</param>
/// <param name="onGeneration">Told each generation as it is committed.</param>
internal sealed class LocalSeries(JobDumper dumper, Action<DumpOutcome> onGeneration) : ISeriesTarget
{
    /// <inheritdoc/>
    public bool IsRunning => dumper.IsRunning;

    /// <inheritdoc/>
    public void Dump(long expectedBytes, bool stops, CancellationToken cancellation) => onGeneration(dumper.Dump(expectedBytes, stops, cancellation));
}
