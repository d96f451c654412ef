using System.Runtime.ExceptionServices;
using Checkpointer.Store.Files;

namespace Checkpointer.Store.Packs;

/// <summary>
/// The packs that one generation's writer fills, one after the other. Its lock makes it the single appender; a pack that
/// would grow over the limit is published behind our back while the next one is filled. Safe for use from any thread.
/// </summary>
internal sealed class PackAppender : IDisposable
{
    private readonly Lock _gate = new();
    private readonly Lock _publishedGate = new();
    private readonly List<PublishedPack> _published = [];
    private readonly List<PackWriter> _unfinished = [];
    private readonly StoreContext _store;
    private readonly WriteBehind _behind;
    private PackWriter? _current;

    // Another worker may stand at the gate when one fails: it must not go on with a pack whose end is unknown.
    private ExceptionDispatchInfo? _failure;

    /// <summary>Starts the thread that writes.</summary>
    /// <param name="store">The store.</param>
    /// <param name="onFailure">Told when the disk fails, on the thread that writes.</param>
    public PackAppender(StoreContext store, Action<Exception> onFailure)
    {
        _store = store;
        _behind = new WriteBehind(store.Options.WriteBytes, store.Options.Nice, onFailure);
    }

    /// <summary>Packs in <c>packs/</c>, in the order in which they were published.</summary>
    public IReadOnlyList<PublishedPack> Published
    {
        get
        {
            lock (_publishedGate)
            {
                return [.. _published];
            }
        }
    }

    /// <summary>Adds a record.</summary>
    public void Append(RecordHeader header, ReadOnlySpan<byte> record)
    {
        lock (_gate)
        {
            _failure?.Throw();
            try
            {
                if (_current is not null && _current.IsFullFor(record.Length, _store.Options.PackBytesMax))
                {
                    PublishCurrent();
                }

                AppendToCurrent(header, record);
            }
            catch (Exception exception)
            {
                _failure = ExceptionDispatchInfo.Capture(exception);
                throw;
            }
        }
    }

    /// <summary>Makes all records durable, without publishing the last pack.</summary>
    public void Sync()
    {
        lock (_gate)
        {
            _failure?.Throw();
            _current?.Sync();
            _behind.Drain();
        }
    }

    /// <summary>Adds the manifest to the pack that is open, whatever its size, and publishes it. Postcondition: all packs are published.</summary>
    public void AppendManifest(RecordHeader header, ReadOnlySpan<byte> record)
    {
        lock (_gate)
        {
            _failure?.Throw();
            AppendToCurrent(header, record);
            PublishCurrent();
            _behind.Drain();
        }
    }

    /// <summary>Publishes the pack that is open, if there is one. Postcondition: all packs are published.</summary>
    public void Finish()
    {
        lock (_gate)
        {
            _failure?.Throw();
            if (_current is not null)
            {
                PublishCurrent();
            }

            _behind.Drain();
        }
    }

    /// <summary>Removes the published packs again: they hold nothing that exists.</summary>
    public void RemovePublished()
    {
        lock (_publishedGate)
        {
            foreach (var pack in _published)
            {
                _store.Files.Delete(Path.Combine(_store.Paths.Packs, pack.Id.FileName));
            }

            _published.Clear();
        }
    }

    /// <inheritdoc/>
    /// <exception cref="StoreException">A temporary file could not be removed; the next writer sweeps it.</exception>
    public void Dispose()
    {
        lock (_gate)
        {
            _behind.Dispose();
            _current?.Dispose();
            _current = null;
            _unfinished.ForEach(pack => pack.Dispose());
            _unfinished.Clear();
        }
    }

    private void AppendToCurrent(RecordHeader header, ReadOnlySpan<byte> record)
    {
        _current ??= new PackWriter(_store.Files, _store.Paths, _store.Format.StoreId, _behind);
        _current.Append(header, record);
    }

    private void PublishCurrent()
    {
        var pack = _current!;
        lock (_publishedGate)
        {
            _unfinished.Add(pack);
        }

        _current = null;
        pack.Publish(published =>
        {
            lock (_publishedGate)
            {
                _published.Add(published);
                _unfinished.Remove(pack);
            }
        });
    }
}
