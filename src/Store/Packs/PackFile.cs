using Checkpointer.Store.Files;

namespace Checkpointer.Store.Packs;

/// <summary>A published pack open for reading. A damaged header does not hide the records, which prove themselves: only verify minds it. Safe for parallel reads.</summary>
internal sealed class PackFile : IDisposable
{
    private readonly IStoreFile _file;

    private PackFile(IStoreFile file, PackHeader header)
    {
        _file = file;
        Header = header;
        Bytes = file.Length;
    }

    /// <summary>Its header; where that is damaged, what it must have been.</summary>
    public PackHeader Header { get; }

    /// <summary>File size.</summary>
    public long Bytes { get; }

    /// <summary>Opens a pack; null when the file is missing.</summary>
    /// <exception cref="PackFormatException">The header is another pack's, or of a newer version.</exception>
    public static PackFile? Open(IFileSystem files, StorePaths paths, PackId id, Guid storeId)
    {
        var file = files.OpenRead(Path.Combine(paths.Packs, id.FileName));
        if (file is null)
        {
            return null;
        }

        try
        {
            var header = HeaderOf(file, new PackHeader(id, storeId));
            PackFormatException.Require(header.Pack == id, PackFormat.HeaderPackIdAt, $"the file holds pack {header.Pack}");
            PackFormatException.Require(header.Store == storeId, PackFormat.HeaderStoreIdAt, "the pack belongs to another store");
            return new PackFile(file, header);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Reads the header again, from the device if the kernel lets go of its cache: it may have changed since the opening.</summary>
    /// <exception cref="PackFormatException">Damaged.</exception>
    public void ProveHeader()
    {
        _file.DropCache();
        PackFormatException.Require(_file.Length == Bytes, Bytes, $"the pack has {_file.Length} bytes, not {Bytes} as when it was opened");
        PackFormatException.Require(ReadHeader(_file) == Header, 0, "the pack header has changed since the pack was opened");
    }

    /// <summary>Reads and checks the trailer.</summary>
    /// <exception cref="PackFormatException">Damaged.</exception>
    public PackTrailer ReadTrailer()
    {
        var footer = new byte[PackFormat.FooterBytes];
        var offset = PackTrailer.OffsetFrom(footer.AsSpan(0, _file.ReadFully(Math.Max(0, Bytes - footer.Length), footer)), Bytes);
        var trailer = new byte[Bytes - offset];
        return PackTrailer.Read(Header, trailer.AsSpan(0, _file.ReadFully(offset, trailer)), offset);
    }

    /// <summary>Finds records without the trailer, from the front, as far as their headers are good.</summary>
    public IReadOnlyList<PackEntry> Scan()
    {
        var entries = new List<PackEntry>();
        var header = new byte[PackFormat.RecordHeaderBytes];
        long offset = PackFormat.HeaderBytes;
        while (_file.ReadFully(offset, header) == header.Length && header.AsSpan().StartsWith(PackFormat.RecordMagic))
        {
            try
            {
                var entry = PackEntry.Of(RecordHeader.Read(header, offset), offset);
                PackFormatException.Require(entry.End <= Bytes, offset, "a record reaches past the end of the pack");
                entries.Add(entry);
                offset = entry.End;
            }
            catch (PackFormatException exception) when (!exception.IsNewer)
            {
                break;
            }
        }

        return entries;
    }

    /// <summary>Reads at an offset; fewer bytes than asked only where the pack ends.</summary>
    public int Read(long offset, Span<byte> bytes) => _file.ReadFully(offset, bytes);

    /// <summary>Has the device begin to read a record.</summary>
    public void StartRead(PackEntry entry) => _file.StartRead(entry.Offset, entry.RecordBytes);

    /// <inheritdoc/>
    public void Dispose() => _file.Dispose();

    private static PackHeader HeaderOf(IStoreFile file, PackHeader expected)
    {
        try
        {
            return ReadHeader(file);
        }
        catch (PackFormatException exception) when (!exception.IsNewer)
        {
            return expected;
        }
    }

    private static PackHeader ReadHeader(IStoreFile file)
    {
        Span<byte> bytes = stackalloc byte[PackFormat.HeaderBytes];
        return PackHeader.Read(bytes[..file.ReadFully(0, bytes)]);
    }
}
