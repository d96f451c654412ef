using Checkpointer.Store.Chunking;
using Checkpointer.Store.Index;

namespace Checkpointer.Store.Maintenance;

/// <summary>
/// Chunks that are to be marked, in bounded memory. Each must be looked up, and names are random: asked for one by one, each costs a page of the index. So they are gathered and asked
/// for in the order of the index, which then is read from front to back; and those that came lately are not asked for again, because patches that were put together name chunks that
/// the patches before them named. One thread.
/// </summary>
internal sealed class MarkQueue(StoreContext store, ChunkMarks marks)
{
    /// <summary>Chunks that wait: 32 MiB.</summary>
    private const int WaitingMax = 1 << 20;

    /// <summary>Chunks that are remembered, each in the one place that its name says: 16 MiB.</summary>
    private const int RecentMax = 1 << 19;

    /// <summary>So many are looked up while nobody else of this process can: some milliseconds.</summary>
    private const int AtOnce = 1 << 12;

    private readonly List<ChunkId> _waiting = [];
    private readonly ChunkId[] _recent = new ChunkId[RecentMax];

    /// <summary>Has a chunk marked. One that no pack holds is lost, whatever is removed; the generation's other chunks are not.</summary>
    public void Add(ChunkId id)
    {
        ref var recent = ref _recent[id.GetHashCode() & (RecentMax - 1)];
        if (recent == id)
        {
            return;
        }

        recent = id;
        _waiting.Add(id);
        if (_waiting.Count == WaitingMax)
        {
            Flush();
        }
    }

    /// <summary>Marks all that wait.</summary>
    public void Flush()
    {
        _waiting.Sort();
        foreach (var place in _waiting.Chunk(AtOnce).SelectMany(PlacesOf))
        {
            if (place is { } known)
            {
                marks.Mark(known);
            }
        }

        _waiting.Clear();
    }

    /// <summary>Where chunks are; null for those that no pack holds.</summary>
    public IReadOnlyList<ChunkPlace?> PlacesOf(IReadOnlyCollection<ChunkId> ids) => store.Index.RunChunks(chunks => chunks.FindPlaces(ids));
}
