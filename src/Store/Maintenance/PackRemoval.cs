using Checkpointer.Store.Packs;

namespace Checkpointer.Store.Maintenance;

/// <summary>Removes the files of packs that a ledger retired. Precondition: no reader is alive. One that a crash leaves is removed by the next writer.</summary>
internal static class PackRemoval
{
    /// <summary>Removes them.</summary>
    public static void Run(StoreContext store, IEnumerable<PackId> packs)
    {
        foreach (var id in packs)
        {
            store.Packs.Close(id);
            store.Files.Delete(Path.Combine(store.Paths.Packs, id.FileName));
        }
    }
}
