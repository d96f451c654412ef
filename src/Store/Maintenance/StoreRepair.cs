using Checkpointer.Store.Chunking;
using Checkpointer.Store.Files;
using Checkpointer.Store.Generations;
using Checkpointer.Store.Index;
using Checkpointer.Store.Interop;
using Checkpointer.Store.Packs;

namespace Checkpointer.Store.Maintenance;

/// <summary>
/// Overview. Proves the whole store as a verify does, while dumps and readers go on. What is good of damaged packs is copied into new ones; then, for a moment in which no writer and no
/// reader is alive, a ledger is published that retires the damaged packs, one transaction takes them out of the index, and their files go to quarantine. It is a
/// collection of another choice of packs: a crash is undone or finished in the same way. In the end all generations are walked again, to say which are whole. One thread.
/// </summary>
internal sealed class StoreRepair(StoreContext store, RepairOptions options, IProgress<long>? bytesDone, CancellationToken cancellation)
{
    private readonly List<string> _quarantined = [];

    /// <summary>Repairs packs and generations of a store whose index can be read. Precondition: the collection's lock is held.</summary>
    /// <param name="leftOut">Generations that could not be entered into a rebuilt index.</param>
    public RepairReport Run(IReadOnlyCollection<GenerationName> leftOut)
    {
        if (!options.IsDryRun)
        {
            GarbageCollector.FinishCrashed(store);
            TakeStrangers();
        }

        var verifier = new StoreVerifier(store, new VerifyOptions(null), bytesDone, cancellation);
        var found = verifier.Run();
        var book = verifier.Book;
        var salvage = book.DamagedPacks.Count + book.Missing.Count > 0 ? Mend(book) : new PackSalvage(store, null, cancellation);
        var spoiled = found.Damages.SelectMany(damage => damage.Generations).ToHashSet();
        var lost = Walk(options.IsDryRun ? salvage.Lost : new Dictionary<ChunkId, string>()).Concat(leftOut).ToHashSet();
        return new RepairReport(
            false, book.IsIndexWrong, found.Packs, found.Bytes, found.Damages, _quarantined, salvage.Chunks, salvage.Bytes, salvage.Lost.Count,
            InOrder(spoiled.Except(lost)), InOrder(lost));
    }

    // Files under the name of a pack that are another store's, or another pack's.
    private void TakeStrangers()
    {
        var known = store.PackTable.All().Select(row => row.Id).ToHashSet();
        foreach (var id in CrashSweep.PacksOnDisk(store).Where(id => !known.Contains(id)).ToList())
        {
            try
            {
                store.Packs.Borrow(id)?.Dispose();
            }
            catch (PackFormatException exception) when (!exception.IsNewer)
            {
                Quarantine.Take(store.Files, store.Paths, Path.Combine(store.Paths.Packs, id.FileName));
                _quarantined.Add(id.FileName);
            }
        }
    }

    private PackSalvage Mend(DamageBook book)
    {
        var rows = store.PackTable.All();
        var damaged = rows.Where(row => book.DamagedPacks.Contains(row.Id)).ToList();
        using var appender = options.IsDryRun ? null : new PackAppender(store, _ => { });
        var salvage = new PackSalvage(store, appender, cancellation);
        salvage.AddLost(book.Missing);
        damaged.ForEach(salvage.Save);
        salvage.FindCopies(rows.Except(damaged));
        _quarantined.AddRange(damaged.Select(row => row.Id.FileName));
        if (appender is not null)
        {
            Exchange(damaged, appender);
        }

        return salvage;
    }

    private void Exchange(List<PackRow> damaged, PackAppender appender)
    {
        var isDecided = false;
        var mark = WorkMark.Set(store.Files, store.Paths);
        try
        {
            appender.Finish();
            using var alone = CollectLocks.Take(store, options.Wait, cancellation);
            var rows = store.PackTable.All();
            var leaving = damaged.Concat(rows.Where(row => row.IsLedger)).DistinctBy(row => row.Key).ToList();

            // From here on the next writer finishes what we do not, as after a collection.
            isDecided = true;
            var ledger = NewLedgerWriter().Write(leaving, rows, [.. damaged.Select(row => row.Id)]);
            IndexExchange.Run(
                store.Index, leaving.Select(row => new LeavingPack(row.Key, store.PackTable.ChunksIn(row.Key))),
                appender.Published.Append(ledger).Select(pack => PackContents.ReadBack(store, pack)), [], []);
            PackRemoval.Run(store, leaving.Select(row => row.Id), damaged.Select(row => row.Id).ToHashSet());
            store.Index.ShortenLog();
            mark.Clear();
        }
        catch when (!isDecided)
        {
            appender.RemovePublished();
            mark.Clear();
            throw;
        }
    }

    // A collection has walked everything before it writes a ledger; here some of it cannot be.
    private LedgerWriter NewLedgerWriter()
    {
        var manifests = new List<ChunkId>();
        store.PackTable.VisitChunks(chunk =>
        {
            if (chunk.Kind == ChunkKind.Manifest)
            {
                manifests.Add(chunk.Id);
            }
        });
        var maps = new MapReader(new ChunkReader(store));
        var earlier = store.Generations.All().SelectMany(generation => EarlierPacks(maps, generation)).ToHashSet();
        return new LedgerWriter(store, manifests, _ => true, earlier);
    }

    private static IReadOnlyList<PackId> EarlierPacks(MapReader maps, GenerationRow generation)
    {
        try
        {
            return maps.Manifest(generation.Manifest, generation.Record.Name).EarlierPacks;
        }
        catch (StoreException exception) when (exception.Reason == StoreFailure.Corrupt)
        {
            return []; // no rebuild will find it either
        }
    }

    // Every pack that is left was proved, so what a generation lacks is all that can be wrong with it.
    private HashSet<GenerationName> Walk(IReadOnlyDictionary<ChunkId, string> lost)
    {
        using var readers = FileLock.Shared(store.Paths.ReadersLock);
        var book = new DamageBook();
        foreach (var (chunk, what) in lost)
        {
            book.AddChunk(chunk, null, null, what);
        }

        var walk = new GenerationWalk(store, book, _ => { }, new SoundSegments(store, book, cancellation), cancellation);
        var generations = store.Generations.All();
        foreach (var generation in generations)
        {
            walk.Walk(generation);
        }

        var spoiled = book.Damages.SelectMany(damage => damage.Generations).ToHashSet();
        if (!options.IsDryRun)
        {
            store.Upkeep.SetDamaged(generations.Select(generation => generation.Record.Name), spoiled);
        }

        return spoiled;
    }

    private static GenerationName[] InOrder(IEnumerable<GenerationName> names)
        => [.. names.OrderBy(name => name.Job, StringComparer.Ordinal).ThenBy(name => name.Number)];
}
