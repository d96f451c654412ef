using Checkpointer.Store.Chunking;

namespace Checkpointer.Store.Generations;

/// <summary>The chunks read last, decoded. Extents of a trimmed chunk lie close together, so a few are enough for a sequential
/// reader to decode each once. One thread.</summary>
internal sealed class ChunkCache(ChunkReader chunks)
{
    /// <summary>Chunks kept: 2 MiB. A window can be in up to 16 pieces of as many chunks.</summary>
    private const int ChunksMax = 32;

    private readonly LinkedList<Slot> _recent = new();
    private readonly Dictionary<ChunkId, LinkedListNode<Slot>> _slots = [];

    /// <summary>A chunk's plain bytes, valid until the next call.</summary>
    /// <exception cref="StoreException">Corrupt or UnsupportedVersion.</exception>
    public ReadOnlyMemory<byte> Read(ChunkId id)
    {
        if (_slots.TryGetValue(id, out var node))
        {
            _recent.Remove(node);
            _recent.AddFirst(node);
            return node.Value.Plain;
        }

        var buffer = Evict();
        var plain = chunks.Read(id, ref buffer);
        _slots.Add(id, _recent.AddFirst(new Slot(id, buffer!, plain)));
        return plain;
    }

    private byte[]? Evict()
    {
        if (_slots.Count < ChunksMax)
        {
            return null;
        }

        var oldest = _recent.Last!.Value;
        _recent.RemoveLast();
        _slots.Remove(oldest.Id);
        return oldest.Buffer;
    }

    private sealed record Slot(ChunkId Id, byte[] Buffer, ReadOnlyMemory<byte> Plain);
}
