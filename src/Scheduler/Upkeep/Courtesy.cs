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
    /// <summary>What is done between two looks: some 10 ms of work.</summary>
    public const long PieceBytes = 4 << 20;

    /// <summary>Longest wait for one piece: at worst a store is read at 4 MiB/s.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan _look = TimeSpan.FromMilliseconds(10);

    private readonly Lock _gate = new();
    private long _next;

    /// <inheritdoc/>
    public void Report(long value)
    {
        if (!IsPieceDone(value))
        {
            return;
        }

        long begun = time.GetTimestamp();
        while (dumps.Taken > 0 && time.GetElapsedTime(begun) < Patience)
        {
            cancellation.WaitHandle.WaitOne(_look);
            cancellation.ThrowIfCancellationRequested();
        }
    }

    /// <summary>Work that has several parts counts each from the begin.</summary>
    private bool IsPieceDone(long value)
    {
        lock (_gate)
        {
            bool isDone = value >= _next || value < _next - PieceBytes;
            _next = isDone ? value + PieceBytes : _next;
            return isDone;
        }
    }
}
