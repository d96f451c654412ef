using Checkpointer.Store.Packs;

namespace Checkpointer.Store.Maintenance;

/// <summary>Removes the files of packs that a ledger retired. Precondition: no reader is alive. One that a crash leaves is removed by the next writer.</summary>
internal static class PackRemoval
{
    /// <summary>Removes them; those that are damaged are kept aside.</summary>
    public static void Run(StoreContext store, IEnumerable<PackId> packs, IReadOnlySet<PackId> damaged)
    {
        foreach (var id in packs)
        {
            var path = Path.Combine(store.Paths.Packs, id.FileName);
            store.Packs.Close(id);
            if (damaged.Contains(id))
            {
                Quarantine.Take(store.Files, store.Paths, path);
            }
            else
            {
                store.Files.Delete(path);
            }
        }
    }
}
