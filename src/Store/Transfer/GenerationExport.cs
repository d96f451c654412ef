using System.Security.Cryptography;
using Checkpointer.Store.Chunking;
using Checkpointer.Store.Encryption;
using Checkpointer.Store.Generations;
using Checkpointer.Store.Index;
using Checkpointer.Store.Packs;

namespace Checkpointer.Store.Transfer;

/// <summary>
/// Writes all that a generation needs as one stream: every chunk once, and always before what refers to it; the manifest is the last. Chains of patches are written as the
/// full segments that they come to, so an export holds nothing of other generations. Every chunk is proved by its hash on the way. Of an encrypted store the export is encrypted too, with a key
/// of its own, which is wrapped by the secret that opens the store. Chunks have other names there than in the store. One thread.
/// </summary>
internal sealed class GenerationExport
{
    private readonly StoreCipher? _cipher;
    private readonly ChunkReader _chunks;
    private readonly MapReader _maps;
    private readonly ChunkEncoder _encoder;
    private readonly ExportWriter _writer;

    // Names of chunks in the store and in the export.
    private readonly Dictionary<ChunkId, ChunkId> _written = [];
    private readonly HashSet<ChunkId> _writtenNew = [];
    private readonly IProgress<long>? _bytesDone;
    private readonly CancellationToken _cancellation;
    private byte[]? _plain;

    private GenerationExport(StoreContext store, StoreCipher? cipher, ExportWriter writer, IProgress<long>? bytesDone, CancellationToken cancellation)
    {
        _cipher = cipher;
        _chunks = new ChunkReader(store);
        _maps = new MapReader(new ChunkReader(store));
        _encoder = new ChunkEncoder(store.Codec.Value, cipher);
        _writer = writer;
        _bytesDone = bytesDone;
        _cancellation = cancellation;
    }

    /// <summary>Exports. Precondition: the readers' lock is held.</summary>
    /// <exception cref="StoreException">Corrupt; what was written so far has no footer, and no import takes it.</exception>
    public static TransferReport Run(
        StoreContext store, GenerationRow generation, Stream target, IProgress<long>? bytesDone, CancellationToken cancellation)
    {
        using var cipher = NewCipher(store, out var key);
        using var writer = new ExportWriter(target, key);
        new GenerationExport(store, cipher, writer, bytesDone, cancellation).Write(generation);
        writer.Finish();
        return new TransferReport(
            generation.Record.Name, generation.Record.Name, writer.HeadBytes + writer.RecordBytes + ExportFormat.FooterBytes, writer.Count, 0);
    }

    private static StoreCipher? NewCipher(StoreContext store, out KeySlot? key)
    {
        key = null;
        if (store.Cipher is null)
        {
            return null;
        }

        Span<byte> master = stackalloc byte[StoreCipher.KeyBytes];
        RandomNumberGenerator.Fill(master);
        key = KeySlot.Wrap(store.Options.Secret!, master, Guid.Empty, "export", store.Time.GetUtcNow());
        var cipher = new StoreCipher(master);
        CryptographicOperations.ZeroMemory(master);
        return cipher;
    }

    private void Write(GenerationRow generation)
    {
        var manifest = _maps.Manifest(generation.Manifest, generation.Record.Name);
        var images = manifest.Images.Select(image => image with { Pieces = [.. image.Pieces.Select(WriteStored)] }).ToList();

        var contents = manifest.Contents.Select(content => new ContentEntry(
            content.Name, [.. content.Tables.Select(table => table with { Chunk = WriteTable(table.Chunk) })])).ToList();
        WriteNew(ChunkKind.Manifest, ManifestCodec.Encode(manifest with { EarlierPacks = [], Images = images, Contents = contents, BaseGeneration = "" }));
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
        var stored = _maps.Chain(id).Resolve();
        _chunks.Expect(stored.Select(extent => extent.Chunk).Where(chunk => !_written.ContainsKey(chunk)));
        var extents = stored.Select(extent => extent with { Chunk = WriteStored(extent.Chunk) }).ToList();

        _bytesDone?.Report(_writer.RecordBytes);
        return new SegmentEntry(WriteNew(ChunkKind.Segment, SegmentCodec.Encode(extents)), 0, 0, extents.Count);
    }

    private ChunkId WriteStored(ChunkId id)
    {
        if (_written.TryGetValue(id, out var name))
        {
            return name;
        }

        var plain = _chunks.Read(id, ref _plain).Span;
        name = ExportFormat.NameOf(plain, _cipher);
        _writer.Write(_encoder.Encode(_chunks.LastKind, name, plain, out _));
        _written.Add(id, name);
        return name;
    }

    private ChunkId WriteNew(ChunkKind kind, byte[] bytes)
    {
        var id = ExportFormat.NameOf(bytes, _cipher);
        if (_writtenNew.Add(id))
        {
            _writer.Write(_encoder.Encode(kind, id, bytes, out _));
        }

        return id;
    }
}
