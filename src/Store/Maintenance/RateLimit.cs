namespace Checkpointer.Store.Maintenance;

/// <summary>Keeps reading below a rate, averaged since the begin. Safe for use from any thread.</summary>
internal sealed class RateLimit(long? bytesPerSecond, TimeProvider time, CancellationToken cancellation)
{
    private readonly Lock _gate = new();
    private readonly long _startedAt = time.GetTimestamp();
    private long _bytes;

    /// <summary>Waits until so many bytes more may be read.</summary>
    /// <exception cref="OperationCanceledException">It was cancelled while it waited.</exception>
    public void Wait(long bytes)
    {
        if (bytesPerSecond is not { } rate)
        {
            return;
        }

        var pause = Pause(bytes, rate);
        if (pause > TimeSpan.Zero)
        {
            using var due = new ManualResetEventSlim();
            using var timer = time.CreateTimer(_ => due.Set(), null, pause, Timeout.InfiniteTimeSpan);
            due.Wait(cancellation);
        }
    }

    // What was read before is paid for first, so that a small rate does not hold up a small store.
    private TimeSpan Pause(long bytes, long rate)
    {
        lock (_gate)
        {
            var due = TimeSpan.FromSeconds((double)_bytes / rate);
            _bytes += bytes;
            return due - time.GetElapsedTime(_startedAt);
        }
    }
}
