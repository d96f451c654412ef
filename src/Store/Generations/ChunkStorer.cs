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

    /// <summary>Stores the chunks of the pipeline's windows that are not stored. One look at the index for all: to begin and end it takes longer than to find a chunk.</summary>
    public void Store(IReadOnlyList<WindowBuffer> windows, ChunkEncoder encoder)
    {
        var unseen = new List<(WindowBuffer Window, PendingChunk Chunk, ChunkId Id)>();
        foreach (var window in windows)
        {
            foreach (var chunk in window.Chunks)
            {
                var id = store.Names.Of(window.Plain(chunk));

                // Whoever adds the id stores the chunk. A second thread may go on before that is done: nothing refers to
                // the chunk before the commit, and if storing it fails, there is no commit.
                if (_seen.Add(id))
                {
                    unseen.Add((window, chunk, id));
                }
                else
                {
                    chunk.Complete(id, isNew: false);
                }
            }
        }

        var areStored = store.Index.RunChunks(chunks => chunks.Exist([.. unseen.Select(item => item.Id)]));
        foreach (var ((window, chunk, id), isStored) in unseen.Zip(areStored))
        {
            if (!isStored)
            {
                Append(chunk.Kind, id, window.Plain(chunk), encoder);
            }

            chunk.Complete(id, !isStored);
        }
    }

    /// <summary>Stores a chunk unless it is stored, and returns its name.</summary>
    public ChunkId Store(ChunkKind kind, ReadOnlySpan<byte> plain, ChunkEncoder encoder)
    {
        var id = store.Names.Of(plain);
        if (_seen.Add(id) && !store.Index.RunChunks(chunks => chunks.Exists(id)))
        {
            Append(kind, id, plain, encoder);
        }

        return id;
    }

    private void Append(ChunkKind kind, ChunkId id, ReadOnlySpan<byte> plain, ChunkEncoder encoder)
    {
        var record = encoder.Encode(kind, id, plain, out var header);
        appender.Append(header, record);
    }
}
