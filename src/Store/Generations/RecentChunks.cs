using Checkpointer.Store.Chunking;

namespace Checkpointer.Store.Generations;

/// <summary>
/// The chunks that a writer met last, in bounded memory: two sets, the older one dropped when the younger is full. A chunk that was
/// forgotten and comes again is stored twice, which costs space and nothing else: the index keeps the first place. It is never stored twice in one
/// pack, because a pack holds fewer chunks than one set. Safe for use from any thread.
/// </summary>
internal sealed class RecentChunks
{
    /// <summary>Chunks per set: 8 GiB of whole windows, or 512 MiB of scattered pages. A set takes some 7 MiB when full.</summary>
    public const int SetMax = 1 << 17;

    private readonly Lock _gate = new();
    private HashSet<ChunkId> _younger = [];
    private HashSet<ChunkId> _older = [];

    /// <summary>Adds a chunk; false when it is known already.</summary>
    public bool Add(ChunkId id)
    {
        lock (_gate)
        {
            if (_older.Contains(id) || !_younger.Add(id))
            {
                return false;
            }

            if (_younger.Count == SetMax)
            {
                (_older, _younger) = (_younger, _older);
                _younger.Clear();
            }

            return true;
        }
    }
}
