using Checkpointer.Store.Interop;

namespace Checkpointer.Store.Files;

/// <summary>What a writer holds: its job alone, and the store together with other writers, which keeps sweeps and rebuilds away; and a mark for whoever comes when it has died.</summary>
internal sealed class WriterLocks : IDisposable
{
    private readonly FileLock _job;
    private readonly FileLock _store;
    private readonly WorkMark _mark;

    private WriterLocks(FileLock job, FileLock store, WorkMark mark)
    {
        _job = job;
        _store = store;
        _mark = mark;
    }

    /// <summary>Takes both.</summary>
    /// <exception cref="StoreException">Locked: another writer of the job is alive. Full, Failed: the mark cannot be set.</exception>
    public static WriterLocks Take(IFileSystem files, StorePaths paths, string job)
    {
        var path = paths.JobLock(job);
        var jobLock = FileLock.TryExclusive(path);
        if (jobLock is null)
        {
            var holder = FileLock.Holder(path)?.ToString(System.Globalization.CultureInfo.InvariantCulture) ?? "unknown";
            throw new StoreException(StoreFailure.Locked, $"job '{job}' is being dumped by another writer, process {holder}", "wait until it has ended");
        }

        FileLock? storeLock = null;
        try
        {
            storeLock = FileLock.Shared(paths.StoreLock);
            return new WriterLocks(jobLock, storeLock, WorkMark.Set(files, paths));
        }
        catch
        {
            storeLock?.Dispose();
            jobLock.Dispose();
            throw;
        }
    }

    /// <summary>Says that nothing is left to sweep: what the writer published is in the index, or removed again. Without it the next writer looks.</summary>
    public void Finish() => _mark.Clear();

    /// <inheritdoc/>
    public void Dispose()
    {
        _store.Dispose();
        _job.Dispose();
    }
}
