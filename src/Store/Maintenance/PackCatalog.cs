using Checkpointer.Store.Generations;
using Checkpointer.Store.Index;
using Checkpointer.Store.Packs;

namespace Checkpointer.Store.Maintenance;

/// <summary>
/// What packs that the index does not know hold. They are read twice, for their manifests now and for their chunks when they are entered,
/// so that the chunks of a whole store need not be in memory.
/// </summary>
internal sealed class PackCatalog
{
    private delegate void ChunkVisitor(PackEntry entry, ReadOnlySpan<byte> bytes);

    private readonly StoreContext _store;
    private readonly ChunkReader _reader;
    private readonly List<PackId> _readable = [];
    private readonly List<PackId> _newLedgers = [];
    private readonly List<GenerationName> _incomplete = [];
    private readonly List<(Manifest Manifest, Chunking.ChunkId Chunk, PackId Pack)> _manifests = [];

    /// <summary>Reads the trailers, manifests and ledgers of packs.</summary>
    /// <param name="store">The store.</param>
    /// <param name="unknown">Packs to read.</param>
    /// <param name="known">Packs that the index has; those of them that are ledgers are read, too.</param>
    /// <exception cref="StoreException">UnsupportedVersion, or the packs cannot be read at all.</exception>
    public PackCatalog(StoreContext store, IEnumerable<PackId> unknown, IReadOnlyCollection<PackRow> known)
    {
        _store = store;
        _reader = new ChunkReader(store);
        foreach (var row in known.Where(row => row.IsLedger))
        {
            ReadEach(row.Id, PackCopier.EntriesOf(store, row), ChunkKind.Ledger, AddLedger);
        }

        foreach (var id in unknown.Order())
        {
            Add(id);
        }

        _readable.RemoveAll(Ledger.RetiredPacks.Contains);
        var present = known.Select(row => row.Id).Concat(_readable).Concat(Ledger.RetiredPacks).ToHashSet();
        Generations = [.. _manifests.Where(found => Counts(found.Chunk, found.Pack) && IsComplete(found.Manifest, present)).DistinctBy(found => found.Chunk)
            .Select(ToGeneration).OrderByDescending(generation => generation.Record.Name.Number)];
    }

    /// <summary>What all ledgers say.</summary>
    public Ledger Ledger { get; } = new();

    /// <summary>Packs that hold ledgers which the index does not know: the collection that wrote them did not come to its end.</summary>
    public IReadOnlyList<PackId> NewLedgers => _newLedgers;

    /// <summary>Packs whose chunks can be entered; those that a ledger retired are not among them.</summary>
    public IReadOnlyList<PackId> Readable => _readable;

    /// <summary>Complete generations, newest first, so that the newest says what is known of its job.</summary>
    public IReadOnlyList<NewGeneration> Generations { get; }

    /// <summary>Generations of which a pack is missing.</summary>
    public IReadOnlyList<GenerationName> Incomplete => _incomplete;

    /// <summary>Whether a pack was damaged: then nothing may be taken for an orphan.</summary>
    public bool HasDamage { get; private set; }

    /// <summary>Reads the readable packs again, one at a time.</summary>
    public IEnumerable<PackContents> Packs() => _readable.Select(Load).OfType<PackContents>();

    private void Add(PackId id)
    {
        if (Load(id) is not { } pack)
        {
            return;
        }

        _readable.Add(id);
        ReadEach(id, pack.Entries, ChunkKind.Manifest, (entry, bytes) => _manifests.Add((ManifestCodec.Decode(bytes), entry.Chunk, id)));
        ReadEach(id, pack.Entries, ChunkKind.Ledger, (entry, bytes) =>
        {
            AddLedger(entry, bytes);
            _newLedgers.Add(id);
        });
    }

    private void AddLedger(PackEntry entry, ReadOnlySpan<byte> bytes) => Ledger.Add(Store.Generations.Ledger.Decode(bytes));

    private void ReadEach(PackId id, IReadOnlyList<PackEntry> entries, ChunkKind kind, ChunkVisitor visit)
    {
        foreach (var entry in entries.Where(entry => entry.Kind == kind))
        {
            try
            {
                using var pack = Open(id);
                byte[]? buffer = null;
                visit(entry, _reader.Read(pack, entry, ref buffer).Span);
            }
            catch (PackFormatException exception)
            {
                Note(id, exception);
            }
        }
    }

    // A manifest that the index has already was copied by a collection that did not come to its end.
    private bool Counts(Chunking.ChunkId manifest, PackId pack)
        => !Ledger.RetiredPacks.Contains(pack) && !Ledger.ForgottenManifests.Contains(manifest) && !_store.Index.RunChunks(chunks => chunks.Exists(manifest));

    private PackContents? Load(PackId id)
    {
        try
        {
            using var pack = Open(id);
            NoteDamagedHeader(pack);
            return Load(pack);
        }
        catch (PackFormatException exception)
        {
            Note(id, exception);
            return null;
        }
    }

    private void NoteDamagedHeader(PackFile pack)
    {
        try
        {
            pack.ProveHeader();
        }
        catch (PackFormatException exception)
        {
            Note(pack.Header.Pack, exception);
        }
    }

    // A pack with a damaged trailer still has its records; verify will tell of the trailer.
    private PackContents Load(PackFile pack)
    {
        try
        {
            var trailer = pack.ReadTrailer();
            return new PackContents(new PublishedPack(trailer.Pack, pack.Bytes, trailer.Entries.Count, trailer.Hash), trailer.Entries);
        }
        catch (PackFormatException exception)
        {
            Note(pack.Header.Pack, exception);
            var entries = pack.Scan();
            return new PackContents(new PublishedPack(pack.Header.Pack, pack.Bytes, entries.Count, ReadOnlyMemory<byte>.Empty), entries);
        }
    }

    private PackFile Open(PackId id)
        => PackFile.Open(_store.Files, _store.Paths, id, _store.Format.StoreId)
            ?? throw new PackFormatException(0, "it has vanished");

    private void Note(PackId id, PackFormatException exception)
    {
        if (exception.IsNewer)
        {
            throw new StoreException(StoreFailure.UnsupportedVersion, $"pack {id.FileName}: {exception.Message}", "use the newer release that wrote it", exception);
        }

        HasDamage = true;
        _store.Log.UnusablePack(id.FileName, exception.Message);
    }

    private bool IsComplete(Manifest manifest, HashSet<PackId> present)
    {
        var missing = manifest.EarlierPacks.Where(pack => !present.Contains(pack)).ToList();
        if (missing.Count > 0)
        {
            _store.Log.IncompleteGeneration(manifest.Name, missing[0].FileName);
            _incomplete.Add(manifest.Name);
        }

        return missing.Count == 0;
    }

    private NewGeneration ToGeneration((Manifest Manifest, Chunking.ChunkId Chunk, PackId Pack) found)
    {
        var (manifest, chunk, own) = found;
        var bytes = manifest.EarlierPacks.Append(own)
            .Sum(pack => _store.Files.Length(Path.Combine(_store.Paths.Packs, pack.FileName)) ?? 0);
        var facts = Ledger.Generations.GetValueOrDefault(chunk) ?? new LedgerFacts(bytes, false, "");
        return new NewGeneration(
            new GenerationRecord(manifest.Name, manifest.CreatedAt, manifest.Duration, facts.NewBytes, manifest.Summary, facts.IsPinned, facts.Note), chunk, manifest.Job);
    }
}
