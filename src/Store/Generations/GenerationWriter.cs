using Checkpointer.Store.Chunking;
using Checkpointer.Store.Files;
using Checkpointer.Store.Packs;

namespace Checkpointer.Store.Generations;

/// <summary>A generation being written. Disposed without <see cref="Commit"/>, it leaves nothing but orphaned packs that the
/// next writer sweeps. A writer that failed once is broken for good. One producer thread.</summary>
public sealed class GenerationWriter : IDisposable
{
    private readonly StoreContext _store;
    private readonly JobRecord _job;
    private readonly WriterLocks _locks;
    private readonly Manifest? _base;
    private readonly DateTimeOffset _createdAt;
    private readonly long _startedAt;
    private readonly PackAppender _appender;
    private readonly ChunkStorer _storer;
    private readonly ChunkPipeline _pipeline;
    private readonly MapReader _maps;
    private readonly ChangeScratch _scratch;
    private readonly Dictionary<string, PendingImage> _images = new(StringComparer.Ordinal);
    private readonly Dictionary<string, ContentWriter> _contents = new(StringComparer.Ordinal);
    private int _changes;
    private bool _isCommitted;
    private bool _isDisposed;

    /// <summary>Takes ownership of the locks.</summary>
    internal GenerationWriter(StoreContext store, JobRecord job, GenerationName name, Manifest? baseManifest, WriterLocks locks)
    {
        _store = store;
        _job = job;
        _locks = locks;
        _base = baseManifest;
        _startedAt = store.Time.GetTimestamp();
        _createdAt = Instant.Truncate(store.Time.GetUtcNow());
        Name = name;
        _maps = new MapReader(new ChunkReader(store));
        _scratch = new ChangeScratch(store);
        _appender = new PackAppender(store, Fail);
        _storer = new ChunkStorer(store, _appender);
        _ = store.Codec.Value; // a missing liblz4 is said here, not by a worker
        _pipeline = new ChunkPipeline(_storer, store.Options);
    }

    /// <summary>Name that the generation will have.</summary>
    public GenerationName Name { get; }

    internal int Buffers => _pipeline.Buffers;

    internal bool IsProducerWaiting => _pipeline.IsProducerWaiting;

    /// <summary>Stores one named blob (an image): any size up to 64 MiB.</summary>
    /// <exception cref="ArgumentException">Too large, not a name, or a name used before in this generation.</exception>
    /// <exception cref="StoreException">This or an earlier write failed; the whole generation is broken.</exception>
    public void PutImage(string name, ReadOnlySpan<byte> image)
    {
        RequireOpen();
        RequireName(name, _images.ContainsKey(name));
        if (image.Length > ManifestCodec.ImageBytesMax)
        {
            throw new ArgumentException($"image '{name}' has {image.Length} bytes, more than {ManifestCodec.ImageBytesMax}", nameof(image));
        }

        var pieces = new List<PendingChunk>();
        for (var rest = image; !rest.IsEmpty;)
        {
            var length = Math.Min(rest.Length, Geometry.ChunkBytesMax);
            pieces.Add(_pipeline.Submit(ChunkKind.Image, rest[..length]));
            rest = rest[length..];
        }

        _images.Add(name, new PendingImage(image.Length, pieces));
    }

    /// <summary>Opens a content: a sparse 64-bit address space of pages or a file. Each name once; contents of the base
    /// that are not opened are not part of this generation.</summary>
    /// <exception cref="ArgumentException">Not a name, or a name used before in this generation.</exception>
    /// <exception cref="StoreException">An earlier write failed; the whole generation is broken.</exception>
    public ContentWriter OpenContent(string name)
    {
        RequireOpen();
        RequireName(name, _contents.ContainsKey(name));
        var tables = _base?.Contents.FirstOrDefault(content => content.Name == name)?.Tables ?? [];
        var writer = new ContentWriter(this, _pipeline, name, new ContentMap(_maps, _scratch, tables));
        _contents.Add(name, writer);
        return writer;
    }

    /// <summary>Makes everything durable, then makes the generation exist, in one transaction.</summary>
    /// <exception cref="StoreException">This or an earlier write failed; the generation does not exist.</exception>
    public GenerationRecord Commit(GenerationSummary summary)
    {
        RequireOpen();
        try
        {
            foreach (var content in _contents.Values)
            {
                content.Dispose();
            }

            _pipeline.Drain();
            var record = Publish(summary);
            _isCommitted = true;
            ShortenLog();
            _store.Log.Committed(record.Name, record.NewBytes, record.Duration.TotalMilliseconds);
            return record;
        }
        catch (Exception exception)
        {
            Fail(exception);
            throw;
        }
    }

    /// <summary>Gives the locks back and removes what was not committed.</summary>
    public void Dispose()
    {
        if (_isDisposed)
        {
            return;
        }

        _isDisposed = true;
        _pipeline.Dispose();
        try
        {
            _appender.Dispose();
            if (!_isCommitted && _store.Generations.Find(Name) is null)
            {
                _appender.RemovePublished();
            }

            _scratch.Dispose();
            _locks.Finish();
        }
        catch (StoreException exception)
        {
            // Orphans cost space, not correctness, and the next writer sweeps them; the failure that
            // brought us here is what the caller needs to see.
            _store.Log.LeftOrphans(exception, Name);
        }
        finally
        {
            _locks.Dispose();
        }
    }

    /// <summary>Breaks the writer; every later call throws this failure.</summary>
    internal void Fail(Exception exception) => _pipeline.Fail(exception);

    /// <summary>Counts changes of all contents; from time to time they go to the scratch file, so that memory stays bounded.</summary>
    internal void CountChanges(int count)
    {
        _changes += count;
        if (_changes < _store.Options.ChangesMax)
        {
            return;
        }

        try
        {
            _pipeline.Drain();
            foreach (var content in _contents.Values)
            {
                content.Map.PutAside();
            }

            _changes = 0;
        }
        catch (Exception exception)
        {
            Fail(exception);
            throw;
        }
    }

    // The commit order of docs/format.md: all chunks, then what makes the generation exist.
    private GenerationRecord Publish(GenerationSummary summary)
    {
        var encoder = _storer.NewEncoder();
        var contents = _contents.Values.OrderBy(content => content.Name, StringComparer.Ordinal)
            .Select(content => new ContentEntry(
                content.Name, content.Map.Build((kind, bytes) => _storer.Store(kind, bytes, encoder)))).ToList();
        _appender.Sync();
        var manifest = new Manifest(
            Name, _createdAt, TimeSpan.FromMicroseconds((long)_store.Time.GetElapsedTime(_startedAt).TotalMicroseconds), _job, summary,
            [],
            [.. _images.OrderBy(image => image.Key, StringComparer.Ordinal).Select(image => image.Value.ToEntry(image.Key))],
            contents, _base?.Name.ToString() ?? "");
        return ManifestPublisher.Publish(_store, _appender, encoder, manifest);
    }

    // The generation exists whatever comes of this: the log is only larger than need be, until the next one.
    private void ShortenLog()
    {
        try
        {
            _store.Index.ShortenLog();
        }
        catch (StoreException exception)
        {
            _store.Log.LongLog(exception, _store.Paths.Index);
        }
    }

    private void RequireOpen()
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        _pipeline.ThrowIfFailed();
        if (_isCommitted)
        {
            throw new InvalidOperationException($"generation {Name} is committed");
        }
    }

    private static void RequireName(string name, bool isTaken)
    {
        if (isTaken || !Names.IsEntry(name))
        {
            throw new ArgumentException(isTaken ? $"the name '{name}' was used before" : $"'{name}' is not a name", nameof(name));
        }
    }

    private sealed record PendingImage(int Bytes, List<PendingChunk> Pieces)
    {
        public ImageEntry ToEntry(string name) => new(name, Bytes, [.. Pieces.Select(piece => piece.Id)]);
    }
}
