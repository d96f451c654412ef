using Checkpointer.Store.Chunking;
using Checkpointer.Store.Generations;
using Checkpointer.Store.Index;
using Checkpointer.Store.Packs;

namespace Checkpointer.Store.Maintenance;

/// <summary>Writes the ledger of a collection: all that a rebuild has to know, from the index and the manifests alone. Precondition: no writer is alive.</summary>
/// <param name="store">The store.</param>
/// <param name="manifests">All manifests in the packs that are known, also of generations that were forgotten.</param>
/// <param name="knows">Whether a pack, by its key, is one of these.</param>
/// <param name="earlierPacks">Packs that the manifests of the generations say were published before their own.</param>
internal sealed class LedgerWriter(StoreContext store, IReadOnlyCollection<ChunkId> manifests, Func<long, bool> knows, IReadOnlySet<PackId> earlierPacks)
{
    /// <summary>Publishes a ledger, in a pack of its own. This decides the collection.</summary>
    /// <param name="leaving">Packs that go.</param>
    /// <param name="rows">All packs that the index knows.</param>
    /// <param name="quarantined">Those that go because they are damaged.</param>
    public PublishedPack Write(IReadOnlyList<PackRow> leaving, IReadOnlyList<PackRow> rows, IReadOnlyCollection<PackId> quarantined)
    {
        var ledger = Make(leaving, rows);
        ledger.QuarantinedPacks.UnionWith(quarantined);
        var bytes = ledger.Encode();
        using var appender = new PackAppender(store, _ => { });
        var record = store.NewEncoder().Encode(ChunkKind.Ledger, store.Names.Of(bytes), bytes, out var header);
        appender.AppendManifest(header, record);
        return appender.Published.Single();
    }

    private Ledger Make(IReadOnlyList<PackRow> leaving, IReadOnlyList<PackRow> rows)
    {
        var generations = store.Generations.All();
        var live = generations.Select(generation => generation.Manifest).ToHashSet();
        var ledger = new Ledger();

        // What a manifest names and the index lacks was retired before: the generation could not have been marked otherwise.
        ledger.RetiredPacks.UnionWith(earlierPacks);
        ledger.RetiredPacks.ExceptWith(rows.Select(row => row.Id));
        ledger.RetiredPacks.UnionWith(leaving.Select(row => row.Id));
        ledger.ForgottenManifests.UnionWith(manifests.Concat(rows.Where(row => !knows(row.Key)).SelectMany(ManifestsIn)));
        ledger.ForgottenManifests.ExceptWith(live);
        foreach (var (job, number) in store.Jobs.NextNumbers())
        {
            ledger.NextNumbers.Add(job, number);
        }

        foreach (var generation in generations)
        {
            ledger.Generations.Add(generation.Manifest, new LedgerFacts(generation.Record.NewBytes, generation.Record.IsPinned, generation.Record.Note));
        }

        return ledger;
    }

    // Packs that came after the marks: their generations may have been forgotten since.
    private IEnumerable<ChunkId> ManifestsIn(PackRow row)
        => PackCopier.EntriesOf(store, row).Where(entry => entry.Kind == ChunkKind.Manifest).Select(entry => entry.Chunk);
}
