namespace Checkpointer.Scheduler.Daemon;

/// <summary>Limits how many dumps, or restores, are under way at once.</summary>
internal sealed class DumpSlots(int count) : IDisposable
{
    private readonly SemaphoreSlim _free = new(count, count);

    /// <summary>How many are under way.</summary>
    public int Taken => count - _free.CurrentCount;

    /// <summary>Runs one when it is its turn, on a thread of its own.</summary>
    public Task<T> RunAsync<T>(Func<T> work, CancellationToken cancellation) => RunAsync(() => Task.CompletedTask, work, cancellation);

    /// <summary>The same, with something to be done first when it is its turn.</summary>
    public async Task<T> RunAsync<T>(Func<Task> first, Func<T> work, CancellationToken cancellation)
    {
        await _free.WaitAsync(cancellation);
        try
        {
            await first();
            return await Task.Factory.StartNew(work, cancellation, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        }
        finally
        {
            _free.Release();
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _free.Dispose();
}
