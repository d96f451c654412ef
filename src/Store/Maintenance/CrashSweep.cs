using Checkpointer.Store.Index;
using Checkpointer.Store.Packs;

namespace Checkpointer.Store.Maintenance;

/// <summary>
/// Puts packs and index in step after a writer died. Precondition: the store lock is held exclusively, so no writer is alive.
/// A pack that the index does not know is an orphan of a dead writer, unless the index is older than the packs: a complete
/// manifest among the unknown packs, or a damaged pack, means that nothing is removed and everything readable is entered.
/// </summary>
internal static class CrashSweep
{
    /// <summary>Empties <c>tmp/</c>, and removes or enters unknown packs.</summary>
    public static void Run(StoreContext store)
    {
        var temporary = (store.Files.List(store.Paths.Temporary) ?? []).Select(name => Path.Combine(store.Paths.Temporary, name));
        Remove(store, [.. temporary]);
        var known = store.PackTable.All().Select(pack => pack.Id).ToHashSet();
        var unknown = PacksOnDisk(store).Where(id => !known.Contains(id)).ToList();
        if (unknown.Count == 0)
        {
            return;
        }

        var catalog = new PackCatalog(store, unknown, known);
        if (catalog.Generations.Count == 0 && !catalog.HasDamage)
        {
            Remove(store, [.. unknown.Select(id => Path.Combine(store.Paths.Packs, id.FileName))]);
            return;
        }

        Enter(store, catalog);
    }

    /// <summary>Fills an empty index from all packs. Packs without a complete generation are entered too: later
    /// generations may have deduplicated against their chunks.</summary>
    public static void Rebuild(StoreContext store)
    {
        var catalog = new PackCatalog(store, PacksOnDisk(store), new HashSet<PackId>());
        IndexCommit.Run(store.Index, catalog.Packs(), catalog.Generations);
        if (catalog.Readable.Count > 0)
        {
            store.Log.RebuiltIndex(store.Paths.Index, catalog.Readable.Count, catalog.Generations.Count);
        }
    }

    private static IEnumerable<PackId> PacksOnDisk(StoreContext store)
    {
        foreach (var name in store.Files.List(store.Paths.Packs) ?? [])
        {
            if (PackId.TryParseFileName(name, out var id))
            {
                yield return id;
            }
        }
    }

    private static void Enter(StoreContext store, PackCatalog catalog)
    {
        var generations = catalog.Generations.Where(found => store.Generations.Find(found.Record.Name) is null).ToList();
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
