namespace Checkpointer.Scheduler.Jobs;

/// <summary>Shows nothing: nobody looks at a terminal of a service.</summary>
internal sealed class NoProgress : IProgressDisplay
{
    /// <inheritdoc/>
    public IProgressTask Start(string label, long totalBytes) => new Task();

    private sealed class Task : IProgressTask
    {
        public void Report(long value)
        {
        }

        public void Dispose()
        {
        }
    }
}
