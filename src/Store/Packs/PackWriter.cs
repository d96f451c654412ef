namespace Checkpointer.Store.Packs;

/// <summary>One pack being written. One thread at a time.</summary>
internal sealed class PackWriter : IDisposable
{
    private readonly Files.DurableFile _file;
    private readonly PackHeader _header;
    private readonly List<PackEntry> _entries = [];

    /// <summary>Begins a pack under <c>tmp/</c>.</summary>
    public PackWriter(Files.IFileSystem files, Files.StorePaths paths, Guid storeId)
    {
        _header = new PackHeader(PackId.NewRandom(), storeId);
        _file = new Files.DurableFile(files, paths.Temporary, Path.Combine(paths.Packs, _header.Pack.FileName));
        try
        {
            Span<byte> bytes = stackalloc byte[PackFormat.HeaderBytes];
            _header.Write(bytes);
            _file.Append(bytes);
        }
        catch
        {
            _file.Dispose();
            throw;
        }
    }

    /// <summary>Its name.</summary>
    public PackId Id => _header.Pack;

    /// <summary>Whether one more record would make it larger than <paramref name="bytesMax"/> or its trailer too long.</summary>
    public bool IsFullFor(int recordBytes, long bytesMax)
        => _entries.Count >= PackFormat.EntriesMax - 1 // one place is kept for the manifest, which never moves on
            || _file.Length + recordBytes + PackTrailer.BytesFor(_entries.Count + 1) > bytesMax;

    /// <summary>Adds a record.</summary>
    public void Append(RecordHeader header, ReadOnlySpan<byte> record)
    {
        Invariant.Require(record.Length == header.RecordBytes, $"a record of {header.RecordBytes} bytes has {record.Length}");
        _entries.Add(PackEntry.Of(header, _file.Length));
        _file.Append(record);
    }

    /// <summary>Makes the records so far durable, without publishing.</summary>
    public void Sync() => _file.Sync();

    /// <summary>Writes the trailer and publishes the pack.</summary>
    public PublishedPack Publish()
    {
        var offset = _file.Length;
        var bytes = PackTrailer.Encode(_header, offset, _entries);
        var trailer = PackTrailer.Read(_header, bytes, offset);
        Invariant.Require(trailer.Entries.SequenceEqual(_entries), $"the trailer of pack {Id} does not read back");
        _file.Append(bytes);
        _file.Publish();
        return new PublishedPack(Id, _file.Length, trailer.Entries, trailer.Hash);
    }

    /// <inheritdoc/>
    public void Dispose() => _file.Dispose();
}
