using Checkpointer.Store.Chunking;
using Checkpointer.Store.Packs;

namespace Checkpointer.Store.Generations;

/// <summary>Stores chunks that neither the index nor this writer has. Safe for use from any thread.</summary>
internal sealed class ChunkStorer(StoreContext store, PackAppender appender)
{
    /// <summary>Chunks seen by this writer: its own, which the index does not know yet, and those found in the index.</summary>
    private readonly RecentChunks _seen = new();

    /// <summary>An encoder for one thread.</summary>
    public ChunkEncoder NewEncoder() => store.NewEncoder();

    /// <summary>Stores a chunk of the pipeline unless it is stored.</summary>
    public void Store(PendingChunk chunk, ReadOnlySpan<byte> plain, ChunkEncoder encoder)
    {
        var id = store.NameOf(plain);
        chunk.Complete(id, Store(chunk.Kind, id, plain, encoder));
    }

    /// <summary>Stores a chunk unless it is stored, and returns its name.</summary>
    public ChunkId Store(ChunkKind kind, ReadOnlySpan<byte> plain, ChunkEncoder encoder)
    {
        var id = store.NameOf(plain);
        Store(kind, id, plain, encoder);
        return id;
    }

    private bool Store(ChunkKind kind, ChunkId id, ReadOnlySpan<byte> plain, ChunkEncoder encoder)
    {
        // Whoever adds the id stores the chunk. A second thread may go on before that is done: nothing refers to
        // the chunk before the commit, and if storing it fails, there is no commit.
        if (!_seen.Add(id) || store.Index.RunChunks(chunks => chunks.Exists(id)))
        {
            return false;
        }

        var record = encoder.Encode(kind, id, plain, out var header);
        appender.Append(header, record);
        return true;
    }
}
