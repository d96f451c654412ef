using Checkpointer.Store.Encryption;
using Checkpointer.Store.Files;
using Checkpointer.Store.Interop;

namespace Checkpointer.Store.Index;

/// <summary>Opens the index, building it from the packs where there is none.</summary>
internal static class IndexOpening
{
    private static readonly string[] _sideFiles = ["-wal", "-shm", "-journal"];

    /// <summary>Opens it.</summary>
    /// <param name="files">File system.</param>
    /// <param name="paths">The store's paths.</param>
    /// <param name="cipher">Of an encrypted store, else null.</param>
    /// <param name="rebuild">Fills an empty index from the packs.</param>
    /// <exception cref="StoreException">Corrupt, UnsupportedVersion, NotPermitted, Full, or Locked while a writer uses a deleted index.</exception>
    public static IndexDatabase Open(IFileSystem files, StorePaths paths, StoreCipher? cipher, Action<IndexDatabase> rebuild)
    {
        if (files.Length(paths.Index) is null)
        {
            Build(files, paths, cipher, rebuild);
        }

        return IndexDatabase.Open(files, paths.Index, cipher?.VfsName);
    }

    // The index appears under its name whole or not at all: a half-filled one would make good packs look like orphans.
    private static void Build(IFileSystem files, StorePaths paths, StoreCipher? cipher, Action<IndexDatabase> rebuild)
    {
        using var building = FileLock.Exclusive(paths.IndexLock);
        if (files.Length(paths.Index) is not null)
        {
            return;
        }

        using var collecting = FileLock.TryExclusive(paths.CollectLock)
            ?? throw new StoreException(StoreFailure.Locked, $"the index {paths.Index} is missing and garbage of the store is being collected", "wait until `gc` has ended, then try again");
        using var alone = FileLock.TryExclusive(paths.StoreLock)
            ?? throw new StoreException(StoreFailure.Locked, $"the index {paths.Index} is missing and a dump into the store is under way", "wait until the dump has ended, then try again");
        var temporary = Path.Combine(paths.Temporary, "index.db");
        RemoveWithSideFiles(files, temporary);
        using (var index = IndexDatabase.Create(files, temporary, cipher?.VfsName))
        {
            rebuild(index);
        }

        // A WAL that belonged to the lost index must not be replayed into the new one.
        RemoveWithSideFiles(files, paths.Index);
        DurableFile.PublishClosed(files, temporary, paths.Index);
    }

    private static void RemoveWithSideFiles(IFileSystem files, string path)
    {
        files.Delete(path);
        foreach (var side in _sideFiles)
        {
            files.Delete(path + side);
        }
    }
}
