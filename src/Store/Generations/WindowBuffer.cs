using Checkpointer.Store.Chunking;
using Checkpointer.Store.Packs;

namespace Checkpointer.Store.Generations;

/// <summary>A buffer of one window and the chunks that its bytes were cut into. Belongs to the producer, then to the
/// pipeline's queue, then to one worker, then to the pool.</summary>
internal sealed class WindowBuffer
{
    private readonly byte[] _bytes = GC.AllocateUninitializedArray<byte>(Geometry.ChunkBytesMax);
    private readonly List<PendingChunk> _chunks = [];

    /// <summary>Room for a window.</summary>
    public Span<byte> Bytes => _bytes;

    /// <summary>The chunks in it.</summary>
    public IReadOnlyList<PendingChunk> Chunks => _chunks;

    /// <summary>Makes a chunk of some of its bytes.</summary>
    public PendingChunk Add(ChunkKind kind, int start, int length)
    {
        var chunk = new PendingChunk(kind, start, length);
        _chunks.Add(chunk);
        return chunk;
    }

    /// <summary>Plain bytes of one of its chunks.</summary>
    public ReadOnlySpan<byte> Plain(PendingChunk chunk) => _bytes.AsSpan(chunk.Start, chunk.Length);

    /// <summary>Forgets the chunks.</summary>
    public void Reset() => _chunks.Clear();
}
