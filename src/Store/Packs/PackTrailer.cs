using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Checkpointer.Store.Packs;

/// <summary>
/// The end of a pack: head, one entry per record in file order, footer. The hash covers the pack header, the head, the entries and the
/// first two footer fields, so nothing in it can change unnoticed. The records tile the file from header to trailer.
/// </summary>
internal sealed record PackTrailer(PackId Pack, long Offset, IReadOnlyList<PackEntry> Entries, ReadOnlyMemory<byte> Hash)
{
    /// <summary>Bytes of a trailer of that many entries, footer included.</summary>
    public static long BytesFor(int entries)
        => PackFormat.TrailerHeadBytes + ((long)entries * PackFormat.EntryBytes) + PackFormat.FooterBytes;

    /// <summary>Encodes the trailer that begins at <paramref name="offset"/>.</summary>
    public static byte[] Encode(PackHeader header, long offset, IReadOnlyList<PackEntry> entries)
    {
        var bytes = new byte[BytesFor(entries.Count)];
        var body = bytes.Length - PackFormat.FooterBytes;
        PackFormat.TrailerMagic.CopyTo(bytes);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(PackFormat.TrailerCountAt), entries.Count);
        header.Pack.CopyTo(bytes.AsSpan(PackFormat.TrailerPackIdAt));
        for (var i = 0; i < entries.Count; i++)
        {
            entries[i].Write(bytes.AsSpan(PackFormat.TrailerHeadBytes + (i * PackFormat.EntryBytes)));
        }

        var footer = bytes.AsSpan(body);
        BinaryPrimitives.WriteInt64LittleEndian(footer[PackFormat.FooterTrailerOffsetAt..], offset);
        BinaryPrimitives.WriteInt64LittleEndian(footer[PackFormat.FooterTrailerBytesAt..], bytes.Length);
        HashOf(header, bytes).CopyTo(footer[PackFormat.FooterHashAt..]);
        PackFormat.FooterMagic.CopyTo(footer[PackFormat.FooterMagicAt..]);
        return bytes;
    }

    /// <summary>Checks a footer against the file it ends and returns where the trailer begins.</summary>
    /// <exception cref="PackFormatException">Not a footer of a file of that length.</exception>
    public static long OffsetFrom(ReadOnlySpan<byte> footer, long fileBytes)
    {
        var at = fileBytes - PackFormat.FooterBytes;
        PackFormatException.Require(footer.Length == PackFormat.FooterBytes, at, "the pack is shorter than its footer");
        PackFormatException.Require(
            footer[PackFormat.FooterMagicAt..].SequenceEqual(PackFormat.FooterMagic), at + PackFormat.FooterMagicAt, "the pack does not end with its end magic");
        var offset = BinaryPrimitives.ReadInt64LittleEndian(footer[PackFormat.FooterTrailerOffsetAt..]);
        var length = BinaryPrimitives.ReadInt64LittleEndian(footer[PackFormat.FooterTrailerBytesAt..]);
        PackFormatException.Require(
            offset >= PackFormat.HeaderBytes && length >= BytesFor(0) && length <= BytesFor(PackFormat.EntriesMax) && offset == fileBytes - length,
            at, "the footer says a place and size of the trailer that do not fit the file");
        return offset;
    }

    /// <summary>Decodes and checks a whole trailer, footer included, that begins at <paramref name="offset"/>.</summary>
    /// <exception cref="PackFormatException">Damaged, or of a newer version.</exception>
    public static PackTrailer Read(PackHeader header, ReadOnlySpan<byte> bytes, long offset)
    {
        PackFormatException.Require(bytes.Length >= BytesFor(0), offset, "the trailer is cut short");
        var body = bytes.Length - PackFormat.FooterBytes;
        PackFormatException.Require(
            OffsetFrom(bytes[body..], offset + bytes.Length) == offset, offset, "the footer names another trailer");
        var hash = bytes.Slice(body + PackFormat.FooterHashAt, SHA256.HashSizeInBytes);
        PackFormatException.Require(
            hash.SequenceEqual(HashOf(header, bytes)), offset, "the trailer does not match its hash");
        PackFormatException.Require(bytes.StartsWith(PackFormat.TrailerMagic), offset, "the trailer has another magic");
        PackFormatException.Require(
            new PackId(bytes.Slice(PackFormat.TrailerPackIdAt, PackId.Bytes)) == header.Pack, offset, "the trailer is of another pack");
        var flags = BinaryPrimitives.ReadUInt32LittleEndian(bytes[PackFormat.TrailerFlagsAt..]);
        if (flags != 0)
        {
            throw new PackFormatException(offset, $"the trailer has flags {flags:x8}", isNewer: true);
        }

        var count = BinaryPrimitives.ReadInt32LittleEndian(bytes[PackFormat.TrailerCountAt..]);
        PackFormatException.Require(count >= 0 && count <= PackFormat.EntriesMax && BytesFor(count) == bytes.Length, offset, $"the trailer says {count} entries");
        return new PackTrailer(header.Pack, offset, ReadEntries(bytes, count, offset), hash.ToArray());
    }

    private static PackEntry[] ReadEntries(ReadOnlySpan<byte> bytes, int count, long offset)
    {
        var entries = new PackEntry[count];
        long expected = PackFormat.HeaderBytes;
        for (var i = 0; i < count; i++)
        {
            var at = PackFormat.TrailerHeadBytes + (i * PackFormat.EntryBytes);
            entries[i] = PackEntry.Read(bytes.Slice(at, PackFormat.EntryBytes), offset + at);
            PackFormatException.Require(entries[i].Offset == expected, offset + at, "the trailer's records do not tile the pack");
            expected = entries[i].End;
        }

        PackFormatException.Require(expected == offset, offset, "the trailer's records do not reach the trailer");
        return entries;
    }

    private static byte[] HashOf(PackHeader header, ReadOnlySpan<byte> trailer)
    {
        Span<byte> encoded = stackalloc byte[PackFormat.HeaderBytes];
        header.Write(encoded);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(encoded);
        hash.AppendData(trailer[..^(PackFormat.FooterBytes - PackFormat.FooterHashAt)]);
        return hash.GetHashAndReset();
    }
}
