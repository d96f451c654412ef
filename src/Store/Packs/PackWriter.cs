using Checkpointer.Store.Files;
using Checkpointer.Store.Interop;

namespace Checkpointer.Store.Packs;

/// <summary>One pack being written: records gather in buffers, which the write-behind thread writes. One thread at a time.</summary>
internal sealed class PackWriter : IDisposable
{
    /// <summary>Most records that we put into one pack. Bounds what must be held of it until its trailer is written, 56 bytes each; a
    /// pack of the default size has as many when all its chunks are single pages.</summary>
    public const int EntriesMax = 1 << 16;

    private readonly WriteBehind _behind;
    private readonly DurableFile _file;
    private readonly PackHeader _header;
    private readonly List<PackEntry> _entries = [];
    private AlignedBuffer? _buffer;
    private long _bufferAt;
    private int _filled;
    private int _written;

    /// <summary>Begins a pack under <c>tmp/</c>.</summary>
    public PackWriter(IFileSystem files, StorePaths paths, Guid storeId, WriteBehind behind)
    {
        _behind = behind;
        _header = new PackHeader(PackId.NewRandom(), storeId);
        _file = new DurableFile(files, paths.Temporary, Path.Combine(paths.Packs, _header.Pack.FileName));
        try
        {
            Span<byte> bytes = stackalloc byte[PackFormat.HeaderBytes];
            _header.Write(bytes);
            Put(bytes);
        }
        catch
        {
            _file.Dispose();
            throw;
        }
    }

    private long Length => _bufferAt + _filled;

    /// <summary>Whether one more record would make it larger than <paramref name="bytesMax"/> or its trailer too long.</summary>
    public bool IsFullFor(int recordBytes, long bytesMax)
        => _entries.Count >= EntriesMax - 1 // one place is kept for the manifest, which never moves on
            || Length + recordBytes + PackTrailer.BytesFor(_entries.Count + 1) > bytesMax;

    /// <summary>Adds a record.</summary>
    public void Append(RecordHeader header, ReadOnlySpan<byte> record)
    {
        Invariant.Require(record.Length == header.RecordBytes, $"a record of {header.RecordBytes} bytes has {record.Length}");
        _entries.Add(PackEntry.Of(header, Length));
        Put(record);
    }

    /// <summary>Has the records so far made durable, without publishing. Precondition: nothing is added before it is done.</summary>
    public void Sync()
        => _behind.Post(() =>
        {
            Write();
            _file.Sync();
        });

    /// <summary>Has the trailer written and the pack published. Precondition: nothing is added any more.</summary>
    /// <param name="done">Told the published pack, on the write-behind thread.</param>
    public void Publish(Action<PublishedPack> done)
        => _behind.Post(() =>
        {
            var offset = Length;
            var bytes = PackTrailer.Encode(_header, offset, _entries);
            var trailer = PackTrailer.Read(_header, bytes, offset);
            Invariant.Require(trailer.Entries.SequenceEqual(_entries), $"the trailer of pack {_header.Pack} does not read back");
            Write();
            _file.Write(offset, bytes);
            _file.Publish();
            done(new PublishedPack(_header.Pack, _file.Length, _entries.Count, trailer.Hash));
            Dispose();
        });

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_buffer is { } buffer)
        {
            _behind.Return(buffer);
            _buffer = null;
        }

        _file.Dispose();
    }

    private void Put(ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            _buffer ??= _behind.Take();
            var room = _buffer.Span[_filled..];
            var count = Math.Min(room.Length, bytes.Length);
            bytes[..count].CopyTo(room);
            bytes = bytes[count..];
            _filled += count;
            if (_filled == _buffer.Bytes)
            {
                HandOver(_buffer);
            }
        }
    }

    // The buffer is full: the thread writes it and gives it back, and we go on with another.
    private void HandOver(AlignedBuffer buffer)
    {
        var (at, from) = (_bufferAt, _written);
        _behind.Post(() =>
        {
            _file.Write(at + from, buffer.Span[from..]);
            _behind.Return(buffer);
        });
        _bufferAt += buffer.Bytes;
        (_buffer, _filled, _written) = (null, 0, 0);
    }

    // On the thread, while nobody adds. A block that is not full yet will be written again when it is: direct writes take whole blocks.
    private void Write()
    {
        if (_buffer is not null)
        {
            _file.Write(_bufferAt + _written, _buffer.Span[_written.._filled]);
            _written = _filled - (_filled % AlignedBuffer.BlockBytes);
        }
    }
}
