using Checkpointer.Store.Chunking;
using Checkpointer.Store.Index;
using Checkpointer.Store.Packs;

namespace Checkpointer.Store.Maintenance;

/// <summary>
/// Two bits for every chunk that the index knew when they were made: whether a generation needs it, and whether what lies below it was followed. Per pack the
/// places of its chunks, sorted, so that a chunk's place is its bit: 4 bytes and 2 bits a chunk, 425 MB for 100 million (a store of 0.4 to 6 TB). One thread.
/// </summary>
internal sealed class ChunkMarks
{
    /// <summary>Records are longer than this, so places in units of it are all different, and 32 bits reach 256 GiB into a pack.</summary>
    private const int PlaceUnit = PackFormat.RecordHeaderBytes;

    private readonly Dictionary<long, PackMarks> _packs;

    // Chunks of packs that came later. They are few, and nobody sweeps their packs.
    private readonly HashSet<(long Pack, long Offset)> _laterWalked = [];

    private ChunkMarks(Dictionary<long, PackMarks> packs, IReadOnlyList<ChunkId> manifests)
    {
        _packs = packs;
        Manifests = manifests;
    }

    /// <summary>All manifests, also of generations that were forgotten.</summary>
    public IReadOnlyList<ChunkId> Manifests { get; }

    /// <summary>Memory of the marks, bytes.</summary>
    public long Bytes => _packs.Values.Sum(pack => pack.Bytes);

    /// <summary>Makes marks for all chunks of the index, none of them set.</summary>
    /// <exception cref="StoreException">Corrupt: the index places more chunks in a pack than it says that the pack holds.</exception>
    public static ChunkMarks Load(StoreContext store, IReadOnlyCollection<PackRow> packs, CancellationToken cancellation)
    {
        var marks = packs.ToDictionary(row => row.Key, row => new PackMarks(row.Chunks));
        var manifests = new List<ChunkId>();
        store.PackTable.VisitChunks(chunk =>
        {
            cancellation.ThrowIfCancellationRequested();
            if (marks.TryGetValue(chunk.Pack, out var places) && !places.TryAdd(chunk.Offset))
            {
                throw IndexFailure.Corrupt(store.Paths.Index, $"it places more chunks in pack {chunk.Pack} than that holds");
            }

            if (chunk.Kind == ChunkKind.Manifest)
            {
                manifests.Add(chunk.Id);
            }
        });
        foreach (var places in marks.Values)
        {
            places.Seal();
        }

        return new ChunkMarks(marks, manifests);
    }

    /// <summary>Marks a chunk as needed.</summary>
    public void Mark(ChunkPlace place)
    {
        if (_packs.TryGetValue(place.Pack, out var pack))
        {
            pack.Mark(place);
        }
    }

    /// <summary>Notes that what lies below a chunk was followed.</summary>
    public void SetWalked(ChunkPlace place)
    {
        if (!_packs.TryGetValue(place.Pack, out var pack))
        {
            _laterWalked.Add((place.Pack, place.Offset));
            return;
        }

        pack.SetWalked(place.Offset);
    }

    /// <summary>Whether what lies below a chunk was followed.</summary>
    public bool IsWalked(ChunkPlace place)
        => _packs.TryGetValue(place.Pack, out var pack) ? pack.IsWalked(place.Offset) : _laterWalked.Contains((place.Pack, place.Offset));

    /// <summary>Whether the marks know a pack.</summary>
    public bool Knows(long pack) => _packs.ContainsKey(pack);

    /// <summary>Whether a generation needs the chunk at a place.</summary>
    public bool IsLive(long pack, long offset) => _packs[pack].IsLive(offset);

    /// <summary>Bytes of the records of a pack that generations need, and their count.</summary>
    public (long Bytes, int Chunks) Live(long pack) => (_packs[pack].LiveBytes, _packs[pack].LiveChunks);

    private sealed class PackMarks(int capacity)
    {
        private readonly uint[] _places = new uint[capacity];
        private readonly ulong[] _live = new ulong[(capacity + 63) / 64];
        private readonly ulong[] _walked = new ulong[(capacity + 63) / 64];
        private int _count;

        public long LiveBytes { get; private set; }

        public int LiveChunks { get; private set; }

        public long Bytes => (4L * _places.Length) + (8L * (_live.Length + _walked.Length));

        public bool TryAdd(long offset)
        {
            if (_count == _places.Length)
            {
                return false;
            }

            _places[_count++] = checked((uint)(offset / PlaceUnit));
            return true;
        }

        public void Seal() => Array.Sort(_places, 0, _count);

        public void Mark(ChunkPlace place)
        {
            if (Set(_live, place.Offset))
            {
                LiveBytes += PackFormat.RecordHeaderBytes + place.StoredBytes;
                LiveChunks++;
            }
        }

        public void SetWalked(long offset) => Set(_walked, offset);

        public bool IsWalked(long offset) => Get(_walked, offset);

        public bool IsLive(long offset) => Get(_live, offset);

        private bool Set(ulong[] bits, long offset)
        {
            var at = Find(offset);
            var isNew = (bits[at / 64] & (1UL << (at % 64))) == 0;
            bits[at / 64] |= 1UL << (at % 64);
            return isNew;
        }

        private bool Get(ulong[] bits, long offset)
        {
            var at = Array.BinarySearch(_places, 0, _count, (uint)(offset / PlaceUnit));
            return at >= 0 && (bits[at / 64] & (1UL << (at % 64))) != 0;
        }

        private int Find(long offset)
        {
            var at = Array.BinarySearch(_places, 0, _count, checked((uint)(offset / PlaceUnit)));
            Invariant.Require(at >= 0, $"a chunk at {offset} was not there when the marks were made");
            return at;
        }
    }
}
