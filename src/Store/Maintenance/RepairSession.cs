using Checkpointer.Store.Encryption;
using Checkpointer.Store.Files;
using Checkpointer.Store.Index;
using Checkpointer.Store.Interop;

namespace Checkpointer.Store.Maintenance;

/// <summary>A repair from a directory that may not even open as a store to the report: first what makes it one, then the index, then packs and generations.</summary>
/// <param name="files">File system.</param>
/// <param name="paths">The store's paths.</param>
/// <param name="options">What may be done.</param>
/// <param name="cipher">Of an encrypted store, else null.</param>
/// <param name="contextOf">Joins an index to the rest of the store.</param>
internal sealed class RepairSession(IFileSystem files, StorePaths paths, RepairOptions options, StoreCipher? cipher, Func<IndexDatabase, StoreContext> contextOf)
{
    private readonly List<GenerationName> _leftOut = [];
    private bool _isIndexRebuilt;

    /// <summary>Repairs.</summary>
    /// <exception cref="StoreException">Locked: a collection, another repair, or for an index that is to be replaced any dump, is under way. UnsupportedVersion, NotPermitted, Full.</exception>
    public RepairReport Run(bool isFormatWritten, IProgress<long>? bytesDone, CancellationToken cancellation)
    {
        if (OpenIndex() is not { } index)
        {
            return new RepairReport(isFormatWritten, true, 0, 0, [], [], 0, 0, 0, [], []);
        }

        var report = RunFirst(index, bytesDone, cancellation);
        if (report.IndexRebuilt && !options.IsDryRun)
        {
            // What it said of the packs was not so: what was found by it is found again by a new one.
            ReplaceIndex();
            var second = RunOnce(OpenIndex()!, bytesDone, cancellation);
            report = second with
            {
                Damages = [.. report.Damages, .. second.Damages],
                QuarantinedPacks = [.. report.QuarantinedPacks, .. second.QuarantinedPacks],
                SavedGenerations = [.. report.SavedGenerations.Concat(report.LostGenerations).Union(second.SavedGenerations).Except(second.LostGenerations)],
            };
        }

        return report with { FormatWritten = isFormatWritten, IndexRebuilt = report.IndexRebuilt || _isIndexRebuilt };
    }

    // The index may turn out to be unreadable on the way, or older than a collection.
    private RepairReport RunFirst(IndexDatabase index, IProgress<long>? bytesDone, CancellationToken cancellation)
    {
        try
        {
            return RunOnce(index, bytesDone, cancellation);
        }
        catch (StoreException exception) when (exception.Reason == StoreFailure.Corrupt && !_isIndexRebuilt)
        {
            return new RepairReport(false, true, 0, 0, [new Damage(Path.GetFileName(paths.Index), exception.Message, [])], [], 0, 0, 0, [], []);
        }
    }

    private RepairReport RunOnce(IndexDatabase index, IProgress<long>? bytesDone, CancellationToken cancellation)
    {
        var store = contextOf(index);
        try
        {
            using var alone = GarbageCollector.TakeCollectLock(store.Paths);
            return new StoreRepair(store, options, bytesDone, cancellation).Run(_leftOut);
        }
        finally
        {
            store.Packs.Dispose();
            index.Dispose();
        }
    }

    // Null in a dry run in which there is no index to read.
    private IndexDatabase? OpenIndex()
    {
        try
        {
            if (files.Length(paths.Index) is null && options.IsDryRun)
            {
                return null;
            }

            _isIndexRebuilt |= files.Length(paths.Index) is null;
            return IndexOpening.Open(files, paths, cipher, Rebuild);
        }
        catch (StoreException exception) when (exception.Reason == StoreFailure.Corrupt)
        {
            if (options.IsDryRun)
            {
                return null;
            }

            ReplaceIndex();
            return IndexOpening.Open(files, paths, cipher, Rebuild);
        }
    }

    private void Rebuild(IndexDatabase index) => _leftOut.AddRange(CrashSweep.Rebuild(contextOf(index)));

    // Under the locks that building one takes, so that no dump goes on with an index that is no more.
    private void ReplaceIndex()
    {
        var facts = IndexFacts.Read(paths.Index, cipher?.VfsName);
        using (GarbageCollector.TakeCollectLock(paths))
        using (FileLock.TryExclusive(paths.StoreLock)
            ?? throw new StoreException(StoreFailure.Locked, $"the index {paths.Index} must be replaced and a dump into the store is under way", "wait until the dump has ended, then try again"))
        {
            Quarantine.Take(files, paths, paths.Index + "-wal");
            Quarantine.Take(files, paths, paths.Index);
            files.Delete(paths.Index + "-shm");
        }

        _isIndexRebuilt = true;
        using var index = IndexOpening.Open(files, paths, cipher, Rebuild);
        facts.Write(index);
    }
}
