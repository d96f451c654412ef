using Checkpointer.Store.Chunking;
using Checkpointer.Store.Packs;

namespace Checkpointer.Store.Generations;

/// <summary>A chunk on its way through the workers. Its id is known once the pipeline has been drained.</summary>
internal sealed class PendingChunk(ChunkKind kind, int start, int length)
{
    /// <summary>What it holds.</summary>
    public ChunkKind Kind { get; } = kind;

    /// <summary>Where its bytes begin in its window.</summary>
    public int Start { get; } = start;

    /// <summary>Plain bytes.</summary>
    public int Length { get; } = length;

    /// <summary>Its name.</summary>
    public ChunkId Id { get; private set; }

    /// <summary>Whether this generation is the first to have it: it then differs from everything in older maps.</summary>
    public bool IsNew { get; private set; }

    /// <summary>Notes what became of it.</summary>
    public void Complete(ChunkId id, bool isNew)
    {
        Id = id;
        IsNew = isNew;
    }
}
