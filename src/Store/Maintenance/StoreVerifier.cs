using Checkpointer.Store.Chunking;
using Checkpointer.Store.Index;

namespace Checkpointer.Store.Maintenance;

/// <summary>Verify. For the whole store every pack is proved first and the generations are walked against what was found; for one
/// generation chunks, and the header and trailer of their packs, are proved when the walk meets them. Both say the same of a generation.</summary>
internal sealed class StoreVerifier
{
    private readonly StoreContext _store;
    private readonly DamageBook _book = new();
    private readonly PackVerifier _packs;
    private readonly IProgress<long>? _bytesDone;
    private readonly CancellationToken _cancellation;

    public StoreVerifier(StoreContext store, IProgress<long>? bytesDone, CancellationToken cancellation)
    {
        _store = store;
        _bytesDone = bytesDone;
        _cancellation = cancellation;
        _packs = new PackVerifier(store, _book, bytesDone, cancellation);
    }

    /// <summary>Verifies one generation, or everything.</summary>
    public VerifyReport Run(GenerationName? only)
    {
        // Listed before the packs: a generation committed meanwhile must not be walked against an older list of packs.
        var generations = only is { } name ? [_store.Generations.Get(name)] : _store.Generations.All();
        var rows = _store.PackTable.All();
        Action<ChunkLocation> prove = only is null ? ProveAll(rows) : ProveOnDemand(rows);
        var walk = new GenerationWalk(_store, _book, prove, only is null ? new SoundSegments(_store, _book, _cancellation) : null, _cancellation);
        foreach (var generation in generations)
        {
            walk.Walk(generation);
        }

        _bytesDone?.Report(_packs.Bytes);
        return new VerifyReport(
            _packs.Packs, _packs.Chunks, _packs.Bytes, [.. generations.Select(generation => generation.Record.Name)], _book.Damages);
    }

    private Action<ChunkLocation> ProveAll(IReadOnlyList<PackRow> rows)
    {
        if (_store.PackTable.IntegrityFailure() is { } failure)
        {
            _book.Add(Path.GetFileName(_store.Paths.Index), $"{failure}; {IndexFailure.RebuildHint}");
        }

        var counts = _store.PackTable.ChunkCounts();
        foreach (var row in rows)
        {
            _packs.ProvePack(row, counts.GetValueOrDefault(row.Key));
        }

        return _ => { };
    }

    private Action<ChunkLocation> ProveOnDemand(IReadOnlyList<PackRow> rows)
    {
        var byId = rows.ToDictionary(row => row.Id);
        var proved = new HashSet<ChunkId>();
        return location =>
        {
            if (byId.Remove(location.Pack, out var row))
            {
                _packs.ProveFrame(row);
            }

            if (proved.Add(location.Entry.Chunk))
            {
                _packs.ProveChunk(location);
            }
        };
    }
}
