using Checkpointer.Store.Chunking;
using Checkpointer.Store.Packs;

namespace Checkpointer.Store.Maintenance;

/// <summary>One thing that is bad, while it is being found out whom it spoils.</summary>
internal sealed class DamageDraft(string where, string what)
{
    private readonly HashSet<GenerationName> _generations = [];

    /// <summary>Notes a generation that needs what is bad.</summary>
    public void Spoils(GenerationName generation) => _generations.Add(generation);

    /// <summary>The finished report.</summary>
    public Damage ToDamage()
        => new(where, what, [.. _generations.OrderBy(name => name.Job, StringComparer.Ordinal).ThenBy(name => name.Number)]);
}

/// <summary>Damage found by a verify, by pack and by chunk. Safe for use from any thread while it is found; who is spoiled is one thread's work.</summary>
internal sealed class DamageBook
{
    private readonly Lock _gate = new();
    private readonly List<DamageDraft> _all = [];
    private readonly Dictionary<PackId, List<DamageDraft>> _packs = [];
    private readonly Dictionary<ChunkId, DamageDraft> _chunks = [];
    private readonly HashSet<PackId> _unreadable = [];
    private readonly HashSet<PackId> _damaged = [];
    private readonly HashSet<(ChunkId Chunk, PackId Pack)> _badPlaces = [];
    private readonly HashSet<ChunkId> _missing = [];

    /// <summary>Chunks that are bad where the index places them.</summary>
    public IReadOnlyCollection<(ChunkId Chunk, PackId Pack)> BadPlaces => _badPlaces;

    /// <summary>Chunks that are needed, and that no pack is known to hold.</summary>
    public IReadOnlyCollection<ChunkId> Missing => _missing;

    /// <summary>Packs of which header, trailer or the whole file is bad.</summary>
    public IReadOnlyCollection<PackId> BadPacks => _packs.Keys;

    /// <summary>Packs of which something is bad, be it a chunk.</summary>
    public IReadOnlyCollection<PackId> DamagedPacks => _damaged;

    /// <summary>Whether it is the index that is wrong: it is damaged, or says of a pack what is not so.</summary>
    public bool IsIndexWrong { get; private set; }

    /// <summary>Everything found.</summary>
    /// <remarks>In the order of places: threads find it in any.</remarks>
    public IReadOnlyList<Damage> Damages => [.. _all.Select(draft => draft.ToDamage()).OrderBy(damage => damage.Where, StringComparer.Ordinal)];

    /// <summary>Damage of the index.</summary>
    public void AddIndex(string where, string what)
    {
        _all.Add(new DamageDraft(where, what));
        IsIndexWrong = true;
    }

    /// <summary>A chunk of which the index says what is not so.</summary>
    public void AddMisplaced(ChunkId chunk, PackEntry entry, PackId pack, string what)
    {
        AddChunk(chunk, entry, pack, what);
        lock (_gate)
        {
            IsIndexWrong = true;
        }
    }

    /// <summary>A chunk that is needed, and that no pack is known to hold.</summary>
    public void AddMissing(ChunkId chunk)
    {
        AddChunk(chunk, null, null, "no pack that the index knows holds the chunk");
        _missing.Add(chunk);
    }

    /// <summary>Damage of a pack as such, at an offset: it spoils whoever has a chunk in the pack.</summary>
    public void AddPack(PackId pack, long offset, string what)
    {
        var draft = new DamageDraft($"{pack.FileName} at {offset}", what);
        lock (_gate)
        {
            _all.Add(draft);
            _damaged.Add(pack);
            if (!_packs.TryAdd(pack, [draft]))
            {
                _packs[pack].Add(draft);
            }
        }
    }

    /// <summary>Damage of a pack that makes all its chunks unreadable: they get no damage of their own. The first found stands.</summary>
    public void AddUnreadablePack(PackId pack, long offset, string what)
    {
        lock (_gate)
        {
            if (_unreadable.Add(pack))
            {
                AddPack(pack, offset, what);
            }
        }
    }

    /// <summary>Damage of a chunk; the first found stands.</summary>
    public void AddChunk(ChunkId chunk, PackEntry? entry, PackId? pack, string what)
    {
        var draft = new DamageDraft(pack is { } id ? $"{id.FileName} at {entry!.Value.Offset}, chunk {chunk}" : $"chunk {chunk}", what);
        lock (_gate)
        {
            if (pack is { } place)
            {
                _damaged.Add(place);
                _badPlaces.Add((chunk, place));
            }

            if (_chunks.TryAdd(chunk, draft))
            {
                _all.Add(draft);
            }
        }
    }

    /// <summary>Whether the chunks of a pack cannot be read at all.</summary>
    public bool IsUnreadable(PackId pack)
    {
        lock (_gate)
        {
            return _unreadable.Contains(pack);
        }
    }

    /// <summary>Whether anything of a pack, or in it, is bad.</summary>
    public bool IsDamaged(PackId pack)
    {
        lock (_gate)
        {
            return _damaged.Contains(pack);
        }
    }

    /// <summary>What is bad about a chunk or the pack that it lies in.</summary>
    public IEnumerable<DamageDraft> Of(ChunkId chunk, PackId? pack)
    {
        if (_chunks.TryGetValue(chunk, out var draft))
        {
            yield return draft;
        }

        if (pack is { } id && _packs.TryGetValue(id, out var drafts))
        {
            foreach (var packDraft in drafts)
            {
                yield return packDraft;
            }
        }
    }
}
