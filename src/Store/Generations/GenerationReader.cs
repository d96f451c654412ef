using Checkpointer.Store.Chunking;
using Checkpointer.Store.Interop;

namespace Checkpointer.Store.Generations;

/// <summary>Receives a run of bytes of a content; the span is valid only during the call.</summary>
public delegate void ContentVisitor(ulong offset, ReadOnlySpan<byte> bytes);

/// <summary>A committed generation, open for reading. Every chunk is re-hashed when read. One thread at a time.</summary>
public sealed class GenerationReader : IDisposable
{
    private readonly Manifest _manifest;
    private readonly ChunkReader _chunks;
    private readonly MapReader _maps;
    private readonly ChunkCache _cache;
    private readonly FileLock _lock;
    private bool _isDisposed;

    /// <summary>Takes ownership of the readers' lock, unless it fails.</summary>
    internal GenerationReader(StoreContext store, GenerationRecord record, ChunkId manifest, FileLock readersLock)
    {
        _lock = readersLock;
        Record = record;
        _chunks = new ChunkReader(store);
        _maps = new MapReader(_chunks);
        _cache = new ChunkCache(_chunks);
        _manifest = _maps.Manifest(manifest, record.Name);
        ImageNames = [.. _manifest.Images.Select(image => image.Name)];
        ContentNames = [.. _manifest.Contents.Select(content => content.Name)];
    }

    /// <summary>Its record.</summary>
    public GenerationRecord Record { get; }

    /// <summary>Names of its images.</summary>
    public IReadOnlyCollection<string> ImageNames { get; }

    /// <summary>Names of its contents.</summary>
    public IReadOnlyCollection<string> ContentNames { get; }

    internal long BytesRead => _chunks.BytesRead;

    /// <summary>Reads one image whole.</summary>
    /// <exception cref="StoreException">NotFound or Corrupt.</exception>
    public byte[] ReadImage(string name)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        var image = _manifest.Images.FirstOrDefault(image => image.Name == name) ?? throw NotFound("image", name);
        var bytes = new byte[image.Bytes];
        var at = 0;
        foreach (var piece in image.Pieces)
        {
            var plain = _cache.Read(piece);
            RequireLength(piece, plain.Length, Math.Min(Geometry.ChunkBytesMax, bytes.Length - at));
            plain.Span.CopyTo(bytes.AsSpan(at));
            at += plain.Length;
        }

        return bytes;
    }

    /// <summary>Visits the non-zero pages of a content in ascending offset order.</summary>
    /// <exception cref="StoreException">NotFound or Corrupt; runs visited before were good.</exception>
    public void ReadContent(string name, ContentVisitor visitor)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        var content = _manifest.Contents.FirstOrDefault(content => content.Name == name) ?? throw NotFound("content", name);
        foreach (var table in content.Tables)
        {
            foreach (var (slot, segment) in _maps.Table(table.Chunk))
            {
                var firstPage = (table.Index * Geometry.TablePages) + ((ulong)slot * Geometry.SegmentPages);
                ReadSegment(segment.Chunk, firstPage, visitor);
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _isDisposed = true;
        _lock.Dispose();
    }

    private void ReadSegment(ChunkId segment, ulong firstPage, ContentVisitor visitor)
    {
        var extents = _maps.Chain(segment).Resolve();
        _chunks.Expect(extents.Select(extent => extent.Chunk));
        foreach (var extent in extents)
        {
            var plain = _cache.Read(extent.Chunk);
            var (start, length) = (extent.ChunkPage * Geometry.PageBytes, extent.PageCount * Geometry.PageBytes);
            if (start + length > plain.Length)
            {
                throw new CorruptChunkException(extent.Chunk.ToString(), null, 0, $"segment {segment} wants {start + length} bytes of its {plain.Length}");
            }

            visitor((firstPage + (ulong)extent.FirstPage) * Geometry.PageBytes, plain.Span.Slice(start, length));
        }
    }

    private void RequireLength(ChunkId piece, int actual, int expected)
    {
        if (actual != expected)
        {
            throw new CorruptChunkException(piece.ToString(), null, 0, $"{Record.Name} wants {expected} bytes of its {actual}");
        }
    }

    private StoreException NotFound(string what, string name)
        => new(StoreFailure.NotFound, $"generation {Record.Name} has no {what} '{name}'");
}
