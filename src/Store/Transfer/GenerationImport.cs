using Checkpointer.Store.Chunking;
using Checkpointer.Store.Generations;
using Checkpointer.Store.Packs;

namespace Checkpointer.Store.Transfer;

/// <summary>
/// Takes an export in as a new generation of a job. A chunk that is stored already is not stored again. Whatever refers to something must come after it, so nothing is taken that
/// is not complete; the manifest is written, under its new name, when the footer was proved. A failure leaves nothing, as a failed dump does. One thread.
/// </summary>
internal sealed class GenerationImport
{
    private readonly StoreContext _store;
    private readonly ExportReader _reader;
    private readonly PackAppender _appender;
    private readonly IProgress<long>? _bytesDone;
    private readonly CancellationToken _cancellation;

    private readonly ChunkEncoder _encoder;

    // Plain bytes of each chunk that came, and its name here.
    private readonly Dictionary<ChunkId, (int Bytes, ChunkId Name)> _seen = [];
    private Manifest? _manifest;

    private GenerationImport(
        StoreContext store, ExportReader reader, PackAppender appender, IProgress<long>? bytesDone, CancellationToken cancellation)
    {
        _store = store;
        _reader = reader;
        _appender = appender;
        _bytesDone = bytesDone;
        _cancellation = cancellation;
        _encoder = store.NewEncoder();
    }

    /// <summary>Imports. Precondition: the job's lock and that of writers are held.</summary>
    /// <exception cref="StoreException">Corrupt or UnsupportedVersion: the export is; Full, Failed.</exception>
    public static TransferReport Run(
        StoreContext store, Stream source, StoreSecret? secret, string jobName, IProgress<long>? bytesDone, CancellationToken cancellation)
    {
        using var appender = new PackAppender(store, _ => { });
        GenerationName? name = null;
        try
        {
            using var reader = new ExportReader(source, store.Codec.Value, secret);
            var import = new GenerationImport(store, reader, appender, bytesDone, cancellation);
            var manifest = import.ReadAll();
            var job = manifest.Job with { Name = jobName, IsRegistered = false };
            store.Jobs.Register(job); // somebody may have registered one meanwhile
            name = new GenerationName(job.Name, store.Jobs.TakeNumber(job.Name));
            appender.Sync();
            var record = ManifestPublisher.Publish(
                store, appender, store.NewEncoder(), manifest with { Name = name.Value, Job = job });
            return new TransferReport(
                name.Value, manifest.Name, reader.HeadBytes + reader.RecordBytes + ExportFormat.FooterBytes, reader.Count, record.NewBytes);
        }
        catch (PackFormatException exception)
        {
            RemoveOrphans(store, appender, name);
            throw new StoreException(
                exception.IsNewer ? StoreFailure.UnsupportedVersion : StoreFailure.Corrupt, $"the export cannot be imported: at {exception.Offset}, {exception.Message}",
                exception.IsNewer ? "use the newer release that wrote it" : "export the generation again", exception);
        }
        catch
        {
            RemoveOrphans(store, appender, name);
            throw;
        }
    }

    // As a generation writer does: orphans cost space, not correctness, and the failure that brought us here is what the caller needs to see.
    private static void RemoveOrphans(StoreContext store, PackAppender appender, GenerationName? name)
    {
        try
        {
            appender.Dispose();
            if (name is null || store.Generations.Find(name.Value) is null)
            {
                appender.RemovePublished();
            }
        }
        catch (StoreException exception)
        {
            store.Log.LeftOrphans(exception, name ?? default);
        }
    }

    private Manifest ReadAll()
    {
        while (_reader.TryRead(out var record))
        {
            _cancellation.ThrowIfCancellationRequested();
            PackFormatException.Require(_manifest is null, _reader.RecordBytes, "something follows the manifest");
            Require(record);
            Keep(record);
            _bytesDone?.Report(_reader.RecordBytes);
        }

        PackFormatException.Require(_manifest is not null, _reader.RecordBytes, "it has no manifest");
        return _manifest! with
        {
            Images = [.. _manifest.Images.Select(image => image with { Pieces = [.. image.Pieces.Select(NameHere)] })],
            Contents = [.. _manifest.Contents.Select(content => content with { Tables = [.. content.Tables.Select(table => table with { Chunk = NameHere(table.Chunk) })] })],
        };
    }

    private void Keep(ExportedRecord record)
    {
        var header = record.Header;
        if (header.Kind == ChunkKind.Manifest || _seen.ContainsKey(header.Chunk))
        {
            return;
        }

        var plain = PlainHere(record);
        var name = _store.Names.Of(plain);
        _seen.Add(header.Chunk, (header.PlainBytes, name));
        if (!_store.Index.RunChunks(chunks => chunks.Exists(name)))
        {
            var stored = _encoder.Encode(header.Kind, name, plain, out header);
            _appender.Append(header, stored);
        }
    }

    // Chunks have other names in every store. What was named came before.
    private ReadOnlySpan<byte> PlainHere(ExportedRecord record) => record.Header.Kind switch
    {
        ChunkKind.Segment => SegmentCodec.Encode([.. SegmentCodec.Decode(record.Plain).Select(extent => extent with { Chunk = NameHere(extent.Chunk) })]),
        ChunkKind.Table => TableCodec.Encode(new SortedDictionary<int, SegmentEntry>(
            TableCodec.Decode(record.Plain).ToDictionary(segment => segment.Key, segment => segment.Value with { Chunk = NameHere(segment.Value.Chunk) }))),
        _ => record.Plain,
    };

    private ChunkId NameHere(ChunkId chunk) => _seen[chunk].Name;

    // What a record refers to must have come, and be large enough.
    private void Require(ExportedRecord record)
    {
        switch (record.Header.Kind)
        {
            case ChunkKind.Segment:
                PackFormatException.Require(
                    SegmentCodec.Decode(record.Plain).All(extent => Has(extent.Chunk, (extent.ChunkPage + extent.PageCount) * Geometry.PageBytes)),
                    _reader.RecordBytes, "a segment refers to data that did not come before it");
                break;
            case ChunkKind.Table:
                PackFormatException.Require(
                    TableCodec.Decode(record.Plain).Values.All(segment => segment.Depth == 0 && Has(segment.Chunk, 1)),
                    _reader.RecordBytes, "a table refers to a segment that did not come before it");
                break;
            case ChunkKind.Manifest:
                _manifest = ManifestCodec.Decode(record.Plain);
                PackFormatException.Require(
                    _manifest.Contents.SelectMany(content => content.Tables).All(table => Has(table.Chunk, 1)) && _manifest.Images.All(HasAll),
                    _reader.RecordBytes, "the manifest refers to what did not come before it");
                break;
            case ChunkKind.Data or ChunkKind.Image:
                break;
            default:
                throw new PackFormatException(_reader.RecordBytes, $"it holds a {record.Header.Kind}");
        }
    }

    private bool Has(ChunkId chunk, int plainBytes) => _seen.TryGetValue(chunk, out var seen) && seen.Bytes >= plainBytes;

    private bool HasAll(ImageEntry image)
        => image.Pieces.Select((piece, at) => (Piece: piece, Bytes: Math.Min(Geometry.ChunkBytesMax, image.Bytes - ((long)at * Geometry.ChunkBytesMax))))
            .All(wanted => _seen.TryGetValue(wanted.Piece, out var seen) && seen.Bytes == wanted.Bytes);
}
