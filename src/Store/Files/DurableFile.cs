namespace Checkpointer.Store.Files;

/// <summary>
/// A file on its way to existence: written under <c>tmp/</c>, then published by fsync, rename, fsync of the directory.
/// Nothing else in the store renames. Disposed unpublished, it removes its temporary file. One thread at a time.
/// </summary>
internal sealed class DurableFile : IDisposable
{
    /// <summary>Every so many bytes the kernel is asked to begin writing, so that the last fsync is short and the page cache does
    /// not fill with dirty pages that would stall the job beside us.</summary>
    private const long WritebackBytes = 8 << 20;

    private readonly IFileSystem _files;
    private readonly IStoreFile _file;
    private readonly string _target;
    private long _writebackFrom;
    private bool _isPublished;

    /// <summary>Creates the temporary file.</summary>
    public DurableFile(IFileSystem files, string temporaryDirectory, string target)
    {
        _files = files;
        _target = target;
        _file = files.Create(Path.Combine(temporaryDirectory, Path.GetFileName(target)));
    }

    /// <summary>Bytes written.</summary>
    public long Length { get; private set; }

    /// <summary>Adds bytes at the end.</summary>
    public void Append(ReadOnlySpan<byte> bytes) => Write(Length, bytes);

    /// <summary>Writes at an offset up to <see cref="Length"/>.</summary>
    public void Write(long offset, ReadOnlySpan<byte> bytes)
    {
        _file.WriteFully(offset, bytes);
        Length = Math.Max(Length, offset + bytes.Length);
        if (Length - _writebackFrom >= WritebackBytes)
        {
            _file.StartWriteback(_writebackFrom, Length - _writebackFrom);
            _writebackFrom = Length;
        }
    }

    /// <summary>Makes what was written so far durable, without publishing it.</summary>
    public void Sync() => _file.Sync();

    /// <summary>Makes the file exist under its name. Postcondition: it survives a power failure.</summary>
    public void Publish()
    {
        _file.Sync();
        _files.Rename(_file.Path, _target);
        _isPublished = true;
        _files.SyncDirectory(Path.GetDirectoryName(_target)!);
    }

    /// <summary>Publishes a file that something else wrote and closed.</summary>
    public static void PublishClosed(IFileSystem files, string source, string target)
    {
        using (var file = files.OpenRead(source) ?? throw new StoreException(StoreFailure.Failed, $"{source} has vanished"))
        {
            file.Sync();
        }

        files.Rename(source, target);
        files.SyncDirectory(Path.GetDirectoryName(target)!);
    }

    /// <summary>Moves a file that is published to another directory.</summary>
    public static void Relocate(IFileSystem files, string source, string target)
    {
        files.Rename(source, target);
        files.SyncDirectory(Path.GetDirectoryName(target)!);
        files.SyncDirectory(Path.GetDirectoryName(source)!);
    }

    /// <inheritdoc/>
    /// <exception cref="StoreException">The temporary file could not be removed; the next writer sweeps it.</exception>
    public void Dispose()
    {
        _file.Dispose();
        if (!_isPublished)
        {
            _files.Delete(_file.Path);
        }
    }
}
