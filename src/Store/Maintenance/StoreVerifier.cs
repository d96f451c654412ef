using Checkpointer.Store.Chunking;
using Checkpointer.Store.Index;
using Checkpointer.Store.Interop;

namespace Checkpointer.Store.Maintenance;

/// <summary>Verify. For the whole store every pack is proved first and the generations are walked against what was found; for a share of it, they are walked only where something
/// was found; for one generation chunks, and the header and trailer of their packs, are proved when the walk meets them. All say the same of a generation. While packs are
/// proved or generations walked, no pack is removed.</summary>
internal sealed class StoreVerifier
{
    private readonly StoreContext _store;
    private readonly VerifyOptions _options;
    private readonly DamageBook _book = new();
    private readonly VerifyTally _tally;
    private readonly RateLimit _limit;
    private readonly CancellationToken _cancellation;

    public StoreVerifier(StoreContext store, VerifyOptions options, IProgress<long>? bytesDone, CancellationToken cancellation)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(options.Share is > 0 and <= 1, true);
        _store = store;
        _options = options;
        _cancellation = cancellation;
        _tally = new VerifyTally(bytesDone);
        _limit = new RateLimit(options.BytesPerSecond, store.Time, cancellation);
    }

    /// <summary>What is bad.</summary>
    public DamageBook Book => _book;

    /// <summary>Verifies. What it finds bad is noted in the index, so that no dump counts on it.</summary>
    public VerifyReport Run()
    {
        var walked = _options.Only is { } name ? RunOne(name) : RunPacks();
        _tally.Finish();
        Note(() => _store.BadChunks.Add(_book.BadPlaces, _book.BadPacks));
        return new VerifyReport(_tally.Packs, _tally.Chunks, _tally.Bytes, [.. walked.Select(generation => generation.Record.Name)], _book.Damages);
    }

    private List<GenerationRow> RunOne(GenerationName name)
    {
        using var readers = FileLock.Shared(_store.Paths.ReadersLock);
        var generation = _store.Generations.Get(name);
        new GenerationWalk(_store, _book, ProveOnDemand(_store.PackTable.All()), null, _cancellation).Walk(generation);
        return [generation];
    }

    private List<GenerationRow> RunPacks()
    {
        // Listed before the packs: a generation committed meanwhile must not be walked against an older list of packs.
        var generations = _store.Generations.All();
        var rows = _store.PackTable.All();
        var isWhole = _options.Share == 1;
        if (isWhole && _store.PackTable.IntegrityFailure() is { } failure)
        {
            _book.AddIndex(Path.GetFileName(_store.Paths.Index), $"{failure}; {IndexFailure.RebuildHint}");
        }

        new ParallelVerify(_store, _book, _tally, _limit, NoteProved, _cancellation)
            .Run(isWhole ? rows : LongestAgo(rows), isWhole ? _store.PackTable.ChunkCounts() : null);
        return isWhole || _book.Damages.Count > 0 ? Walk(generations) : [];
    }

    // A generation that was forgotten meanwhile may have lost its chunks.
    private List<GenerationRow> Walk(IReadOnlyList<GenerationRow> generations)
    {
        using var readers = FileLock.Shared(_store.Paths.ReadersLock);
        var present = _store.Generations.All().Select(generation => generation.Manifest).ToHashSet();
        var walk = new GenerationWalk(_store, _book, _ => { }, new SoundSegments(_store, _book, _cancellation), _cancellation);
        List<GenerationRow> walked = [.. generations.Where(generation => present.Contains(generation.Manifest))];
        walked.ForEach(walk.Walk);
        return walked;
    }

    private List<PackRow> LongestAgo(IReadOnlyList<PackRow> rows)
    {
        var left = rows.Sum(row => row.Bytes) * _options.Share;
        var chosen = new List<PackRow>();
        foreach (var row in rows.OrderBy(row => row.ProvedAt ?? DateTimeOffset.MinValue).ThenBy(row => row.Key))
        {
            if (left <= 0)
            {
                break;
            }

            chosen.Add(row);
            left -= row.Bytes;
        }

        return chosen;
    }

    private void NoteProved(IReadOnlyList<PackRow> proved)
        => Note(() =>
        {
            _store.PackTable.SetProved(proved, _store.Time.GetUtcNow());
            _store.BadChunks.Clear(proved);
        });

    // What was found is the caller's in any case; an index that cannot be written is damage of its own, or somebody else's disk.
    private void Note(Action note)
    {
        try
        {
            note();
        }
        catch (StoreException exception)
        {
            _store.Log.ForgotVerify(exception, _store.Paths.Index);
        }
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
                _limit.Wait(location.Entry.RecordBytes);
                prover.Prove(location);
            }
        };
    }
}
