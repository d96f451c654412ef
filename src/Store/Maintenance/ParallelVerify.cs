using System.Collections.Concurrent;
using System.Runtime.ExceptionServices;
using Checkpointer.Store.Index;
using Checkpointer.Store.Interop;
using Checkpointer.Store.Packs;

namespace Checkpointer.Store.Maintenance;

/// <summary>Proves all packs, on as many threads as the store may use: frames one after the other, records by the stretch, so that one
/// large pack keeps all of them busy, too.</summary>
/// <param name="store">The store.</param>
/// <param name="book">Where damage is entered.</param>
/// <param name="tally">What was done.</param>
/// <param name="limit">How fast it may read.</param>
/// <param name="proved">Told the packs of which everything is good, group by group.</param>
/// <param name="cancellation">Stops between chunks.</param>
internal sealed class ParallelVerify(
    StoreContext store, DamageBook book, VerifyTally tally, RateLimit limit, Action<IReadOnlyList<PackRow>> proved, CancellationToken cancellation)
{
    /// <summary>Bytes of packs that are proved while packs may not be removed, and after which what was proved is kept.</summary>
    private const long GroupBytes = 1L << 30;

    /// <summary>Bytes of a stretch: long enough for a device to read at full speed.</summary>
    private const int StretchBytes = 4 << 20;

    private readonly PackVerifier _packs = new(store, book, tally);
    private readonly ConcurrentDictionary<PackId, long> _placed = new();

    /// <summary>Proves them, in the order given.</summary>
    /// <param name="rows">The packs.</param>
    /// <param name="counts">How many chunks the index places in each, or null not to compare that.</param>
    public void Run(IReadOnlyList<PackRow> rows, IReadOnlyDictionary<long, long>? counts)
    {
        foreach (var group in Groups(rows))
        {
            using var readers = FileLock.Shared(store.Paths.ReadersLock);
            var known = store.PackTable.All().Select(row => row.Key).ToHashSet();
            var present = group.Where(row => known.Contains(row.Key)).ToList(); // the others were collected meanwhile
            Prove(present);
            if (counts is not null)
            {
                NameMisplaced(present, counts);
            }

            proved([.. present.Where(row => !book.IsDamaged(row.Id))]);
        }
    }

    private static IEnumerable<IReadOnlyList<PackRow>> Groups(IReadOnlyList<PackRow> rows)
    {
        var group = new List<PackRow>();
        long bytes = 0;
        foreach (var row in rows)
        {
            if (bytes + row.Bytes > GroupBytes && group.Count > 0)
            {
                yield return group;
                (group, bytes) = ([], 0);
            }

            group.Add(row);
            bytes += row.Bytes;
        }

        if (group.Count > 0)
        {
            yield return group;
        }
    }

    private void Prove(IReadOnlyList<PackRow> rows)
    {
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

    }

    private void NameMisplaced(IReadOnlyList<PackRow> rows, IReadOnlyDictionary<long, long> counts)
    {
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
        limit.Wait(stretch.Entries[^1].End - stretch.Entries[0].Offset);
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
