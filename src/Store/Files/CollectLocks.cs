using Checkpointer.Store.Interop;

namespace Checkpointer.Store.Files;

/// <summary>What whoever removes packs holds: no writer and no reader is alive. They wait for it, so it is held for moments.</summary>
internal sealed class CollectLocks : IDisposable
{
    private static readonly TimeSpan _pause = TimeSpan.FromMilliseconds(20);
    private readonly FileLock _writers;
    private readonly FileLock _readers;

    private CollectLocks(FileLock writers, FileLock readers)
    {
        _writers = writers;
        _readers = readers;
    }

    /// <summary>Takes both, trying again and again: waiting for one while holding the other could last as long as a dump, and hold up all others.</summary>
    /// <exception cref="StoreException">Locked: somebody did not end in time.</exception>
    public static CollectLocks Take(StoreContext store, TimeSpan wait, CancellationToken cancellation)
    {
        var started = store.Time.GetTimestamp();
        while (true)
        {
            if (TryTake(store.Paths, out var blocker) is { } taken)
            {
                return taken;
            }

            if (store.Time.GetElapsedTime(started) >= wait)
            {
                throw new StoreException(
                    StoreFailure.Locked, $"garbage cannot be collected while {blocker}, which did not end within {wait.TotalSeconds:0} s",
                    "try again later, or wait longer with --wait; what was collected so far stays collected");
            }

            cancellation.WaitHandle.WaitOne(_pause);
            cancellation.ThrowIfCancellationRequested();
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _readers.Dispose();
        _writers.Dispose();
    }

    private static CollectLocks? TryTake(StorePaths paths, out string blocker)
    {
        blocker = "a dump is under way";
        var writers = FileLock.TryExclusive(paths.StoreLock);
        if (writers is null)
        {
            return null;
        }

        blocker = "a generation is being read";
        try
        {
            if (FileLock.TryExclusive(paths.ReadersLock) is { } readers)
            {
                return new CollectLocks(writers, readers);
            }
        }
        catch
        {
            writers.Dispose();
            throw;
        }

        writers.Dispose();
        return null;
    }
}
