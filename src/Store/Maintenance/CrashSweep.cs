using Checkpointer.Store.Files;
using Checkpointer.Store.Generations;
using Checkpointer.Store.Index;
using Checkpointer.Store.Interop;
using Checkpointer.Store.Packs;

namespace Checkpointer.Store.Maintenance;

/// <summary>
/// Puts packs and index in step after a writer or a collection died. Precondition: the locks of stores and of collections are held exclusively, so neither is alive.
/// A pack that the index does not know is an orphan of a dead writer, unless the index is older than the packs: a complete
/// manifest that the index lacks among the unknown packs, or a damaged pack, means that nothing is removed and everything readable is entered. An unknown ledger means that a
/// collection was decided: it is finished.
/// </summary>
internal static class CrashSweep
{
    /// <summary>Whether nobody who died left anything in <c>tmp/</c>. It costs the same however many packs there are.</summary>
    public static bool IsClean(StoreContext store) => TemporaryFiles(store).Count == 0;

    /// <summary>Empties <c>tmp/</c>, and removes or enters unknown packs.</summary>
    /// <returns>Whether there were no unknown packs; where there were, some may be left.</returns>
    /// <exception cref="StoreException">Corrupt: the index is older than a collection.</exception>
    public static bool Run(StoreContext store)
    {
        var temporary = TemporaryFiles(store);
        Remove(store, [.. temporary.Where(path => !WorkMark.IsOne(path))]);
        var rows = store.PackTable.All();
        var known = rows.Select(pack => pack.Id).ToHashSet();
        var unknown = PacksOnDisk(store).Where(id => !known.Contains(id)).ToList();
        if (unknown.Count > 0)
        {
            Settle(store, rows, unknown);
        }

        // Last: who dies in a sweep leaves them to the next one.
        foreach (var mark in temporary.Where(WorkMark.IsOne))
        {
            store.Files.Delete(mark);
        }

        return unknown.Count == 0;
    }

    private static void Settle(StoreContext store, IReadOnlyList<PackRow> rows, List<PackId> unknown)
    {
        var catalog = new PackCatalog(store, unknown, rows);
        if (catalog.NewLedgers.Count > 0)
        {
            FinishCollection(store, catalog, rows);
        }
        else if (catalog.Generations.Count == 0 && !catalog.HasDamage && HasAllPacks(store, rows))
        {
            Remove(store, [.. unknown.Except(catalog.Ledger.RetiredPacks).Select(id => PathOf(store, id))]);
        }
        else
        {
            Enter(store, catalog);
        }

        RemoveRetired(store, catalog.Ledger);
    }

    /// <summary>Fills an empty index from all packs. Packs without a complete generation are entered too: later
    /// generations may have deduplicated against their chunks.</summary>
    /// <returns>Generations that cannot be entered, because a pack of theirs is missing.</returns>
    public static IReadOnlyList<GenerationName> Rebuild(StoreContext store)
    {
        var catalog = new PackCatalog(store, PacksOnDisk(store), []);
        IndexCommit.Run(store.Index, catalog.Packs(), catalog.Generations);
        store.Jobs.RaiseNumbers(catalog.Ledger.NextNumbers);
        if (catalog.Readable.Count > 0)
        {
            store.Log.RebuiltIndex(store.Paths.Index, catalog.Readable.Count, catalog.Generations.Count);
        }

        return catalog.Incomplete;
    }

    /// <summary>Packs in <c>packs/</c>, whether an index knows them or not.</summary>
    public static IEnumerable<PackId> PacksOnDisk(StoreContext store) => PacksOnDisk(store.Files, store.Paths);

    /// <summary>Packs in <c>packs/</c>, whether an index knows them or not.</summary>
    public static IEnumerable<PackId> PacksOnDisk(IFileSystem files, StorePaths paths)
    {
        foreach (var name in files.List(paths.Packs) ?? [])
        {
            if (PackId.TryParseFileName(name, out var id))
            {
                yield return id;
            }
        }
    }

    // An index that names packs which are not there may have a wrong name for one that is.
    private static bool HasAllPacks(StoreContext store, IReadOnlyList<PackRow> rows)
    {
        var present = PacksOnDisk(store).ToHashSet();
        return rows.All(row => present.Contains(row.Id));
    }

    // The ledger was durable, so everything that it needs was. Where that cannot be read any more, the packs that were to go are taken back, as long as they are all there.
    private static void FinishCollection(StoreContext store, PackCatalog catalog, IReadOnlyList<PackRow> rows)
    {
        var present = PacksOnDisk(store).ToHashSet();
        var missing = rows.FirstOrDefault(row => !present.Contains(row.Id) && (catalog.HasDamage || !catalog.Ledger.RetiredPacks.Contains(row.Id)));
        if (missing is not null)
        {
            throw new StoreException(
                StoreFailure.Corrupt, $"pack {missing.Id.FileName} is missing, and garbage was collected since the index {store.Paths.Index} was written, or while it was", IndexFailure.RebuildHint);
        }

        if (catalog.HasDamage)
        {
            Remove(store, [.. catalog.NewLedgers.Select(id => PathOf(store, id))]);
            Run(store);
            return;
        }

        var leaving = rows.Where(row => catalog.Ledger.RetiredPacks.Contains(row.Id)).ToList();
        IndexExchange.Run(
            store.Index, leaving.Select(row => new LeavingPack(row.Key, PackCopier.EntriesOf(store, row))), catalog.Packs(),
            catalog.Ledger.ForgottenManifests, NewGenerations(store, catalog));
        store.Jobs.RaiseNumbers(catalog.Ledger.NextNumbers);
        store.Log.FinishedCollection(leaving.Count, catalog.Readable.Count);
    }

    // A reader may still have them open. Then they go another time.
    private static void RemoveRetired(StoreContext store, Ledger ledger)
    {
        using var noReaders = FileLock.TryExclusive(store.Paths.ReadersLock);
        if (noReaders is not null)
        {
            var known = store.PackTable.All().Select(row => row.Id).ToHashSet();
            PackRemoval.Run(store, PacksOnDisk(store).Where(id => ledger.RetiredPacks.Contains(id) && !known.Contains(id)).ToList(), ledger.QuarantinedPacks);
        }
    }

    private static List<NewGeneration> NewGenerations(StoreContext store, PackCatalog catalog)
        => [.. catalog.Generations.Where(found => store.Generations.Find(found.Record.Name) is null)];

    private static List<string> TemporaryFiles(StoreContext store)
        => [.. (store.Files.List(store.Paths.Temporary) ?? []).Select(name => Path.Combine(store.Paths.Temporary, name))];

    private static string PathOf(StoreContext store, PackId id) => Path.Combine(store.Paths.Packs, id.FileName);

    private static void Enter(StoreContext store, PackCatalog catalog)
    {
        var generations = NewGenerations(store, catalog);
        IndexCommit.Run(store.Index, catalog.Packs(), generations);
        store.Log.Adopted(catalog.Readable.Count, generations.Count);
    }

    private static void Remove(StoreContext store, List<string> paths)
    {
        var bytes = paths.Sum(path => store.Files.Length(path) ?? 0);
        foreach (var path in paths)
        {
            store.Files.Delete(path);
        }

        if (paths.Count > 0)
        {
            store.Log.Swept(paths.Count, bytes);
        }
    }
}
