using Checkpointer.Scheduler.Daemon;

namespace Checkpointer.Scheduler.Upkeep;

/// <summary>
/// Keeps upkeep out of the way of dumps: told of each piece of work that is done, it holds up the next one while a dump is under way, so that no freeze waits for a processor or a disk that
/// upkeep has. Not for ever, so that upkeep gets done where some dump is always under way.
/// </summary>
/// <param name="dumps">Where dumps are under way.</param>
/// <param name="time">The clock.</param>
/// <param name="cancellation">Ends a wait.</param>
internal sealed class Courtesy(DumpSlots dumps, TimeProvider time, CancellationToken cancellation) : IProgress<long>
{
    /// <summary>Longest wait for one piece, of 4 MiB: at worst a store is read at 4 MiB/s.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan _look = TimeSpan.FromMilliseconds(10);

    /// <inheritdoc/>
    public void Report(long value)
    {
        long begun = time.GetTimestamp();
        while (dumps.Taken > 0 && time.GetElapsedTime(begun) < Patience)
        {
            cancellation.WaitHandle.WaitOne(_look);
            cancellation.ThrowIfCancellationRequested();
        }
    }
}
