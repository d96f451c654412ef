using Checkpointer.Store.Chunking;
using Checkpointer.Store.Packs;

namespace Checkpointer.Store.Generations;

/// <summary>Reads manifests, tables and segments. One thread at a time.</summary>
internal sealed class MapReader(ChunkReader chunks)
{
    private byte[]? _buffer;

    private delegate T Decoder<T>(ReadOnlySpan<byte> bytes);

    /// <summary>Reads a manifest and checks that it is the one expected.</summary>
    /// <exception cref="StoreException">Corrupt or UnsupportedVersion.</exception>
    public Manifest Manifest(ChunkId id, GenerationName expected)
    {
        var manifest = Read(id, ManifestCodec.Decode);
        return manifest.Name == expected
            ? manifest
            : throw new CorruptChunkException(id.ToString(), null, 0, $"it is the manifest of {manifest.Name}, not of {expected}");
    }

    /// <summary>Reads a table.</summary>
    /// <exception cref="StoreException">Corrupt or UnsupportedVersion.</exception>
    public SortedDictionary<int, ChunkId> Table(ChunkId id) => Read(id, TableCodec.Decode);

    /// <summary>Reads a segment.</summary>
    /// <exception cref="StoreException">Corrupt or UnsupportedVersion.</exception>
    public Extent[] Segment(ChunkId id) => Read(id, SegmentCodec.Decode);

    private T Read<T>(ChunkId id, Decoder<T> decode)
    {
        var bytes = chunks.Read(id, ref _buffer);
        try
        {
            return decode(bytes.Span);
        }
        catch (PackFormatException exception)
        {
            throw new CorruptChunkException(id.ToString(), null, 0, exception.Message, exception);
        }
    }
}
