using Checkpointer.Store.Interop;

namespace Checkpointer.Store.Files;

/// <summary>What whoever removes packs holds: no writer and no reader is alive. They wait for it, so it is held for moments.</summary>
internal sealed class CollectLocks : IDisposable
{
    private static readonly TimeSpan _pause = TimeSpan.FromMilliseconds(20);

    // Most of them end before anybody wonders.
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(2);
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
        var isTold = false;
        while (true)
        {
            if (TryTake(store.Paths, out var blocker, out var path) is { } taken)
            {
                return taken;
            }

            var waited = store.Time.GetElapsedTime(started);
            if (waited >= wait)
            {
                throw new StoreException(
                    StoreFailure.Locked, $"garbage cannot be collected while {Name(blocker, path)}, which did not end within {wait.TotalSeconds:0} s",
                    "try again later, or wait longer with --wait; what was collected so far stays collected");
            }

            if (!isTold && waited >= _patience)
            {
                isTold = true;
                store.Log.WaitsToCollect(Name(blocker, path), wait.TotalSeconds);
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

    private static string Name(string blocker, string path)
        => FileLock.Holders(path) is [_, ..] holders ? $"{blocker} by process {string.Join(" and process ", holders)}" : blocker;

    private static CollectLocks? TryTake(StorePaths paths, out string blocker, out string path)
    {
        (blocker, path) = ("a job is being dumped", paths.StoreLock);
        var writers = FileLock.TryExclusive(paths.StoreLock);
        if (writers is null)
        {
            return null;
        }

        (blocker, path) = ("a generation is being read", paths.ReadersLock);
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
