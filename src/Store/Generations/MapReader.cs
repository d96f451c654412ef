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
    public SortedDictionary<int, SegmentEntry> Table(ChunkId id) => Read(id, TableCodec.Decode);

    /// <summary>Reads one chunk of a segment: the full segment or a patch.</summary>
    /// <exception cref="StoreException">Corrupt or UnsupportedVersion.</exception>
    public SegmentPart Part(ChunkId id)
        => Read(id, bytes => PatchCodec.IsPatch(bytes)
            ? new SegmentPart(PatchCodec.Decode(bytes), [])
            : new SegmentPart(null, SegmentCodec.Decode(bytes)));

    /// <summary>Reads a segment with all its patches.</summary>
    /// <exception cref="StoreException">Corrupt or UnsupportedVersion.</exception>
    public SegmentChain Chain(ChunkId id)
    {
        var chain = new SegmentChain();
        Extend(chain, id);
        while (!chain.IsComplete)
        {
            Extend(chain, chain.Base);
        }

        return chain;
    }

    /// <summary>Reads the next chunk of a chain.</summary>
    /// <exception cref="StoreException">Corrupt or UnsupportedVersion.</exception>
    public SegmentChain Extend(SegmentChain chain, ChunkId next)
    {
        try
        {
            chain.Add(next, Part(next));
            return chain;
        }
        catch (PackFormatException exception)
        {
            throw new CorruptChunkException(next.ToString(), null, 0, exception.Message, exception);
        }
    }

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
