using Checkpointer.Store.Chunking;
using Checkpointer.Store.Packs;

namespace Checkpointer.Store.Generations;

/// <summary>A chunk on its way through the workers. Its id is known once the pipeline has been drained.</summary>
internal sealed class PendingChunk(ChunkKind kind, byte[] buffer, int length)
{
    private byte[]? _buffer = buffer;

    /// <summary>What it holds.</summary>
    public ChunkKind Kind { get; } = kind;

    /// <summary>Its plain bytes, until a worker has stored them.</summary>
    public ReadOnlySpan<byte> Plain => _buffer.AsSpan(0, length);

    /// <summary>Its name.</summary>
    public ChunkId Id { get; private set; }

    /// <summary>Notes the name and gives the buffer back.</summary>
    public void Complete(ChunkId id) => Id = id;

    /// <summary>Takes the buffer out; it belongs to the caller again.</summary>
    public byte[] TakeBuffer()
    {
        var taken = _buffer!;
        _buffer = null;
        return taken;
    }
}
