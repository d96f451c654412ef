using Checkpointer.Store.Chunking;
using Checkpointer.Store.Index;

namespace Checkpointer.Store.Maintenance;

/// <summary>Verify. For the whole store every pack is proved first and the generations are walked against what was found; for one
/// generation chunks, and the header and trailer of their packs, are proved when the walk meets them. Both say the same of a generation.</summary>
internal sealed class StoreVerifier
{
    private readonly StoreContext _store;
    private readonly DamageBook _book = new();
    private readonly VerifyTally _tally;
    private readonly CancellationToken _cancellation;

    public StoreVerifier(StoreContext store, IProgress<long>? bytesDone, CancellationToken cancellation)
    {
        _store = store;
        _cancellation = cancellation;
        _tally = new VerifyTally(bytesDone);
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

        _tally.Finish();
        return new VerifyReport(
            _tally.Packs, _tally.Chunks, _tally.Bytes, [.. generations.Select(generation => generation.Record.Name)], _book.Damages);
    }

    private Action<ChunkLocation> ProveAll(IReadOnlyList<PackRow> rows)
    {
        if (_store.PackTable.IntegrityFailure() is { } failure)
        {
            _book.Add(Path.GetFileName(_store.Paths.Index), $"{failure}; {IndexFailure.RebuildHint}");
        }

        new ParallelVerify(_store, _book, _tally, _cancellation).Run(rows);
        return _ => { };
    }

    private Action<ChunkLocation> ProveOnDemand(IReadOnlyList<PackRow> rows)
    {
        var byId = rows.ToDictionary(row => row.Id);
        var proved = new HashSet<ChunkId>();
        var packs = new PackVerifier(_store, _book, _tally);
        var prover = new ChunkProver(_store, _book, _tally, _cancellation);
        return location =>
        {
            if (byId.Remove(location.Pack, out var row))
            {
                packs.ProveFrame(row);
            }

            if (proved.Add(location.Entry.Chunk))
            {
                prover.Prove(location);
            }
        };
    }
}
