namespace Checkpointer.Scheduler.Jobs;

/// <summary>Shows how far long work has come. One task at a time.</summary>
internal interface IProgressDisplay
{
    /// <summary>Starts a task; disposing it takes it off the display.</summary>
    /// <param name="label">What is being done, such as <c>dump of md</c>.</param>
    /// <param name="totalBytes">Bytes when done, an estimate; 0 where it is not known.</param>
    IProgressTask Start(string label, long totalBytes);
}

/// <summary>One piece of long work. Reports are totals of bytes done so far and may come from any thread.</summary>
internal interface IProgressTask : IProgress<long>, IDisposable;
