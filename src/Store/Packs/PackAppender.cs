using System.Runtime.ExceptionServices;
using Checkpointer.Store.Files;

namespace Checkpointer.Store.Packs;

/// <summary>
/// The packs that one generation's writer fills, one after the other. Its monitor makes it the single appender; a pack that
/// would grow over the limit is published and the next one begun. Safe for use from any thread.
/// </summary>
internal sealed class PackAppender(IFileSystem files, StorePaths paths, Guid storeId, long packBytesMax) : IDisposable
{
    private readonly Lock _gate = new();
    private readonly List<PublishedPack> _published = [];
    private PackWriter? _current;

    // Another worker may stand at the gate when one fails: it must not go on with a pack whose end is unknown.
    private ExceptionDispatchInfo? _failure;

    /// <summary>Packs in <c>packs/</c>, in the order in which they were published.</summary>
    public IReadOnlyList<PublishedPack> Published
    {
        get
        {
            lock (_gate)
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
                if (_current is not null && _current.IsFullFor(record.Length, packBytesMax))
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
        }
    }

    /// <summary>Adds the manifest to the pack that is open, whatever its size, and publishes it.</summary>
    public void AppendManifest(RecordHeader header, ReadOnlySpan<byte> record)
    {
        lock (_gate)
        {
            _failure?.Throw();
            AppendToCurrent(header, record);
            PublishCurrent();
        }
    }

    /// <summary>Removes the published packs again: they hold nothing that exists.</summary>
    public void RemovePublished()
    {
        lock (_gate)
        {
            foreach (var pack in _published)
            {
                files.Delete(Path.Combine(paths.Packs, pack.Id.FileName));
            }

            _published.Clear();
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_gate)
        {
            _current?.Dispose();
            _current = null;
        }
    }

    private void AppendToCurrent(RecordHeader header, ReadOnlySpan<byte> record)
    {
        _current ??= new PackWriter(files, paths, storeId);
        _current.Append(header, record);
    }

    private void PublishCurrent()
    {
        _published.Add(_current!.Publish());
        _current.Dispose();
        _current = null;
    }
}
