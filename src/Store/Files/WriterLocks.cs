using Checkpointer.Store.Interop;

namespace Checkpointer.Store.Files;

/// <summary>What a writer holds: its job alone, and the store together with other writers, which keeps sweeps and rebuilds away.</summary>
internal sealed class WriterLocks : IDisposable
{
    private readonly FileLock _job;
    private readonly FileLock _store;

    private WriterLocks(FileLock job, FileLock store)
    {
        _job = job;
        _store = store;
    }

    /// <summary>Takes both.</summary>
    /// <exception cref="StoreException">Locked: another writer of the job is alive.</exception>
    public static WriterLocks Take(StorePaths paths, string job)
    {
        var path = paths.JobLock(job);
        var jobLock = FileLock.TryExclusive(path);
        if (jobLock is null)
        {
            var holder = FileLock.Holder(path)?.ToString(System.Globalization.CultureInfo.InvariantCulture) ?? "unknown";
            throw new StoreException(StoreFailure.Locked, $"job '{job}' is being dumped by another writer, process {holder}", "wait until it has ended");
        }

        try
        {
            return new WriterLocks(jobLock, FileLock.Shared(paths.StoreLock));
        }
        catch
        {
            jobLock.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _store.Dispose();
        _job.Dispose();
    }
}
