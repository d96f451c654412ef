using Checkpointer.Store.Chunking;
using Checkpointer.Store.Generations;
using Checkpointer.Store.Index;
using Checkpointer.Store.Packs;

namespace Checkpointer.Store.Transfer;

/// <summary>
/// Writes all that a generation needs as one stream: every chunk once, as it is stored, and always before what refers to it; the manifest is the last. Chains of patches are written as the
/// full segments that they come to, so an export holds nothing of other generations. Every chunk is proved by its hash on the way. One thread.
/// </summary>
internal sealed class GenerationExport
{
    private readonly ChunkReader _chunks;
    private readonly MapReader _maps;
    private readonly ChunkEncoder _encoder;
    private readonly ExportWriter _writer;
    private readonly HashSet<ChunkId> _written = [];
    private readonly IProgress<long>? _bytesDone;
    private readonly CancellationToken _cancellation;
    private byte[]? _plain;

    private GenerationExport(StoreContext store, ExportWriter writer, IProgress<long>? bytesDone, CancellationToken cancellation)
    {
        _chunks = new ChunkReader(store);
        _maps = new MapReader(new ChunkReader(store));
        _encoder = new ChunkEncoder(store.Codec.Value);
        _writer = writer;
        _bytesDone = bytesDone;
        _cancellation = cancellation;
    }

    /// <summary>Exports. Precondition: the readers' lock is held.</summary>
    /// <exception cref="StoreException">Corrupt; what was written so far has no footer, and no import takes it.</exception>
    public static TransferReport Run(
        StoreContext store, GenerationRow generation, Stream target, IProgress<long>? bytesDone, CancellationToken cancellation)
    {
        using var writer = new ExportWriter(target);
        new GenerationExport(store, writer, bytesDone, cancellation).Write(generation);
        writer.Finish();
        return new TransferReport(
            generation.Record.Name, generation.Record.Name, writer.RecordBytes + ExportFormat.HeaderBytes + ExportFormat.FooterBytes, writer.Count, 0);
    }

    private void Write(GenerationRow generation)
    {
        var manifest = _maps.Manifest(generation.Manifest, generation.Record.Name);
        foreach (var piece in manifest.Images.SelectMany(image => image.Pieces))
        {
            WriteStored(piece);
        }

        var contents = manifest.Contents.Select(content => new ContentEntry(
            content.Name, [.. content.Tables.Select(table => table with { Chunk = WriteTable(table.Chunk) })])).ToList();
        WriteNew(ChunkKind.Manifest, ManifestCodec.Encode(manifest with { EarlierPacks = [], Contents = contents, BaseGeneration = "" }));
    }

    private ChunkId WriteTable(ChunkId id)
    {
        var segments = new SortedDictionary<int, SegmentEntry>();
        foreach (var (slot, segment) in _maps.Table(id))
        {
            segments.Add(slot, WriteSegment(segment.Chunk));
        }

        return WriteNew(ChunkKind.Table, TableCodec.Encode(segments));
    }

    private SegmentEntry WriteSegment(ChunkId id)
    {
        _cancellation.ThrowIfCancellationRequested();
        var extents = _maps.Chain(id).Resolve();
        _chunks.Expect(extents.Select(extent => extent.Chunk).Where(chunk => !_written.Contains(chunk)));
        foreach (var extent in extents)
        {
            WriteStored(extent.Chunk);
        }

        _bytesDone?.Report(_writer.RecordBytes);
        return new SegmentEntry(WriteNew(ChunkKind.Segment, SegmentCodec.Encode(extents)), 0, 0, extents.Count);
    }

    private void WriteStored(ChunkId id)
    {
        if (_written.Add(id))
        {
            _chunks.Read(id, ref _plain);
            _writer.Write(_chunks.LastRecord);
        }
    }

    private ChunkId WriteNew(ChunkKind kind, byte[] bytes)
    {
        var id = ChunkId.Of(bytes);
        if (_written.Add(id))
        {
            _writer.Write(_encoder.Encode(kind, id, bytes, out _));
        }

        return id;
    }
}
