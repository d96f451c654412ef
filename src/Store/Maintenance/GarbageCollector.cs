using Checkpointer.Store.Chunking;
using Checkpointer.Store.Files;
using Checkpointer.Store.Index;
using Checkpointer.Store.Interop;
using Checkpointer.Store.Packs;

namespace Checkpointer.Store.Maintenance;

/// <summary>
/// Overview. Marks what generations need while dumps and readers go on, plans, and then exchanges packs round by round: live records of packs that are mostly dead are copied into new
/// packs; then, for a moment in which no writer and no reader is alive, generations that came meanwhile are marked too, a ledger is published that names the packs that go,
/// one transaction takes them out of the index, and their files are removed. The ledger decides: a crash before it leaves orphans that the next writer sweeps, a crash after it
/// is finished by the next writer. A pack of which a dump meanwhile needed what was dead before stays. One thread.
/// </summary>
internal sealed class GarbageCollector
{
    private readonly StoreContext _store;
    private readonly CollectOptions _options;
    private readonly IProgress<long>? _bytesDone;
    private readonly CancellationToken _cancellation;
    private readonly IReadOnlyList<PackRow> _packs;
    private readonly HashSet<ChunkId> _walked = [];
    private readonly ChunkMarks _marks;
    private readonly LiveWalk _walk;
    private readonly List<string> _damaged = [];
    private bool _isDecided;
    private int _dropped;
    private int _repacked;
    private int _postponed;
    private long _copiedBytes;
    private long _writtenBytes;
    private long _removedBytes;

    private GarbageCollector(StoreContext store, CollectOptions options, IProgress<long>? bytesDone, CancellationToken cancellation)
    {
        _store = store;
        _options = options;
        _bytesDone = bytesDone;
        _cancellation = cancellation;

        // Packs before generations: a generation that is committed between the two has its packs among the later ones, which nobody sweeps.
        _packs = store.PackTable.All();
        _marks = ChunkMarks.Load(store, _packs, cancellation);
        _walk = new LiveWalk(store, _marks, cancellation);
    }

    /// <summary>Collects.</summary>
    /// <exception cref="StoreException">Locked or Corrupt.</exception>
    public static CollectReport Run(StoreContext store, CollectOptions options, IProgress<long>? bytesDone, CancellationToken cancellation)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(options.RepackShare is > 0 and <= 1, true);
        using var alone = TakeCollectLock(store.Paths);
        FinishCrashed(store);
        return new GarbageCollector(store, options, bytesDone, cancellation).Run();
    }

    /// <summary>Makes us the only one that exchanges packs.</summary>
    /// <exception cref="StoreException">Locked: another collection, or a repair, is under way.</exception>
    public static FileLock TakeCollectLock(StorePaths paths)
    {
        if (FileLock.TryExclusive(paths.CollectLock) is { } alone)
        {
            return alone;
        }

        var holder = FileLock.Holder(paths.CollectLock)?.ToString(System.Globalization.CultureInfo.InvariantCulture) ?? "unknown";
        throw new StoreException(StoreFailure.Locked, $"garbage of the store is being collected already, or it is being repaired, by process {holder}", "wait until it has ended");
    }

    /// <summary>What a crash left must be put in step first. Where a writer is alive, it has done so.</summary>
    public static void FinishCrashed(StoreContext store)
    {
        using var writers = FileLock.TryExclusive(store.Paths.StoreLock);
        if (writers is not null)
        {
            CrashSweep.Run(store);
        }
    }

    private CollectReport Run()
    {
        WalkNew();
        var generations = _walked.Count;
        var plan = CollectPlan.Make(_store, _packs, _marks, _options.RepackShare);
        if (_options.IsDryRun)
        {
            Foresee(plan);
        }
        else
        {
            foreach (var round in plan.Rounds(_store.Options.CollectChunksMax))
            {
                Exchange(round);
            }

            CompactIndex();
        }

        return new CollectReport(
            generations, _packs.Count, plan.LiveBytes, plan.DeadBytes, _dropped, _repacked, _postponed, _copiedBytes,
            _removedBytes - _writtenBytes, _damaged);
    }

    // A dump that is under way keeps the index as it is until the next time; one that begins meanwhile waits, before it touches its job.
    private void CompactIndex()
    {
        try
        {
            using var noWriters = FileLock.TryExclusive(_store.Paths.StoreLock);
            if (noWriters is not null && _store.Index.Compact() is > 0 and var bytes)
            {
                _store.Index.ShortenLog();
                _store.Log.CompactedIndex(bytes, _store.Paths.Index);
            }
        }
        catch (StoreException exception)
        {
            _store.Log.LooseIndex(exception, _store.Paths.Index); // it takes as much space again while it is written: a full disk
        }
    }

    private void Foresee(CollectPlan plan)
    {
        foreach (var pack in plan.Doomed)
        {
            _removedBytes += pack.Row.Bytes;
            _dropped += pack.LiveChunks == 0 ? 1 : 0;
            _repacked += pack.LiveChunks == 0 ? 0 : 1;
            _copiedBytes += _marks.Live(pack.Row.Key).Bytes;
        }

        _writtenBytes = _copiedBytes;
    }

    // Marks the generations that were not marked yet.
    private void WalkNew()
    {
        foreach (var generation in _store.Generations.All().Where(generation => !_walked.Contains(generation.Manifest)))
        {
            _walk.Walk(generation);
            _walked.Add(generation.Manifest);
        }

        _walk.Finish();
    }

    private void Exchange(IReadOnlyList<DoomedPack> round)
    {
        using var appender = new PackAppender(_store, _ => { });
        _isDecided = false;
        var mark = WorkMark.Set(_store.Files, _store.Paths);
        try
        {
            var copied = Copy(round, appender);
            appender.Finish();
            using var alone = CollectLocks.Take(_store, _options.Wait, _cancellation);
            WalkNew();
            DoomedPack[] leaving = [.. copied.Where(pack => _marks.Live(pack.Row.Key).Chunks == pack.LiveChunks)];
            _postponed += copied.Count - leaving.Length;
            if (leaving.Length == 0)
            {
                appender.RemovePublished();
            }
            else
            {
                Exchange(leaving, appender.Published);
            }

            mark.Clear();
        }
        catch when (!_isDecided)
        {
            appender.RemovePublished();
            mark.Clear();
            throw;
        }
    }

    private List<DoomedPack> Copy(IReadOnlyList<DoomedPack> round, PackAppender appender)
    {
        var copier = new PackCopier(_store, _marks, appender, AddCopied, _cancellation);
        var copied = new List<DoomedPack>();
        foreach (var pack in round)
        {
            _cancellation.ThrowIfCancellationRequested();
            if (pack.LiveChunks > 0 && copier.Copy(pack.Row) is { } damage)
            {
                _damaged.Add(pack.Row.Id.FileName);
                _store.Log.UnusablePack(pack.Row.Id.FileName, damage);
            }
            else
            {
                copied.Add(pack);
            }
        }

        return copied;
    }

    private void AddCopied(long bytes)
    {
        _copiedBytes += bytes;
        _bytesDone?.Report(_copiedBytes);
    }

    // Precondition: no writer and no reader is alive; the new packs are durable.
    private void Exchange(DoomedPack[] packs, IReadOnlyList<PublishedPack> published)
    {
        var rows = _store.PackTable.All();
        PackRow[] leaving = [.. packs.Select(pack => pack.Row), .. rows.Where(row => row.IsLedger)];

        // A failure from here on may be one after the ledger came to be: the next writer looks, and finishes or sweeps.
        _isDecided = true;
        var ledger = new LedgerWriter(_store, _marks.Manifests, _marks.Knows, _walk.EarlierPacks).Write(leaving, rows, []);
        var arriving = published.Append(ledger).ToList();
        IndexExchange.Run(_store.Index, leaving.Select(Leave), arriving.Select(pack => PackContents.ReadBack(_store, pack)), [], []);
        PackRemoval.Run(_store, leaving.Select(row => row.Id), new HashSet<PackId>());
        _dropped += packs.Count(pack => pack.LiveChunks == 0);
        _repacked += packs.Count(pack => pack.LiveChunks > 0);
        _writtenBytes += arriving.Sum(pack => pack.Bytes);
        _removedBytes += leaving.Sum(row => row.Bytes);
        _store.Index.ShortenLog();
    }

    private LeavingPack Leave(PackRow row) => new(row.Key, PackCopier.EntriesOf(_store, row));
}
