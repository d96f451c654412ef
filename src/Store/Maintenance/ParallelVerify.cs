using System.Collections.Concurrent;
using System.Runtime.ExceptionServices;
using Checkpointer.Store.Index;
using Checkpointer.Store.Packs;

namespace Checkpointer.Store.Maintenance;

/// <summary>Proves all packs, on as many threads as the store may use: frames one after the other, records by the stretch, so that one
/// large pack keeps all of them busy, too.</summary>
internal sealed class ParallelVerify(StoreContext store, DamageBook book, VerifyTally tally, CancellationToken cancellation)
{
    /// <summary>Bytes of a stretch: long enough for a device to read at full speed.</summary>
    private const int StretchBytes = 4 << 20;

    private readonly PackVerifier _packs = new(store, book, tally);
    private readonly ConcurrentDictionary<PackId, long> _placed = new();

    /// <summary>Proves them.</summary>
    public void Run(IReadOnlyList<PackRow> rows)
    {
        var counts = store.PackTable.ChunkCounts();
        var options = new ParallelOptions
        {
            CancellationToken = cancellation,
            MaxDegreeOfParallelism = store.Options.Workers == 0 ? Environment.ProcessorCount : store.Options.Workers,
        };
        try
        {
            // No buffering: a stretch is made when a thread is free for it.
            var stretches = Partitioner.Create(rows.SelectMany(Stretches), EnumerablePartitionerOptions.NoBuffering);
            Parallel.ForEach(stretches, options, () => new ChunkProver(store, book, tally, cancellation), Prove, _ => { });
        }
        catch (AggregateException exception)
        {
            ExceptionDispatchInfo.Throw(exception.InnerExceptions[0]);
        }

        foreach (var row in rows.Where(row => _placed.TryGetValue(row.Id, out var placed) && placed != counts.GetValueOrDefault(row.Key)))
        {
            cancellation.ThrowIfCancellationRequested();
            _packs.NameMisplaced(row);
        }
    }

    // A pack without a trustworthy trailer is proved by what the index says of it, and has nothing to be compared with.
    private IEnumerable<Stretch> Stretches(PackRow row)
    {
        var trailer = _packs.ProveFrame(row);
        if (trailer is not null)
        {
            _placed[row.Id] = 0;
        }

        var entries = (trailer?.Entries ?? store.PackTable.ChunksIn(row.Key)).ToArray();
        for (var first = 0; first < entries.Length;)
        {
            var end = first + 1;
            while (end < entries.Length && entries[end].Offset == entries[end - 1].End && entries[end].End - entries[first].Offset <= StretchBytes)
            {
                end++;
            }

            yield return new Stretch(row, new ArraySegment<PackEntry>(entries, first, end - first), trailer is not null);
            first = end;
        }
    }

    private ChunkProver Prove(Stretch stretch, ParallelLoopState state, ChunkProver prover)
    {
        prover.Prove(stretch.Row.Id, stretch.Entries);
        if (stretch.IsListed)
        {
            var placed = _packs.CompareWithIndex(stretch.Row.Id, stretch.Entries);
            _placed.AddOrUpdate(stretch.Row.Id, placed, (_, before) => before + placed);
        }

        return prover;
    }

    /// <summary>Records of a pack, one behind the other.</summary>
    private sealed record Stretch(PackRow Row, ArraySegment<PackEntry> Entries, bool IsListed);
}
