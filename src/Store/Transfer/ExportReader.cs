using System.Buffers.Binary;
using System.Security.Cryptography;
using Checkpointer.Store.Chunking;
using Checkpointer.Store.Compression;
using Checkpointer.Store.Encryption;
using Checkpointer.Store.Packs;

namespace Checkpointer.Store.Transfer;

/// <summary>A record of an export, proved. The span is valid until the next one is read.</summary>
internal readonly ref struct ExportedRecord(RecordHeader header, ReadOnlySpan<byte> plain)
{
    /// <summary>Its header.</summary>
    public RecordHeader Header { get; } = header;

    /// <summary>Its plain bytes.</summary>
    public ReadOnlySpan<byte> Plain { get; } = plain;
}

/// <summary>Reads an export front to back; it need not be seekable. What it hands out is proved, that it is all of it is known at the end. One thread.</summary>
internal sealed class ExportReader : IDisposable
{
#pragma warning disable CA2213 // the stream stays the caller's
    private readonly Stream _source;
#pragma warning restore CA2213
    private readonly IBlockCodec _codec;
    private readonly StoreCipher? _cipher;
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private byte[] _record = new byte[PackFormat.RecordHeaderBytes + Geometry.ChunkBytesMax];
    private byte[] _plain = new byte[Geometry.ChunkBytesMax];
    private long _count;

    /// <summary>Reads the header.</summary>
    /// <param name="source">Read front to back.</param>
    /// <param name="codec">Decodes payloads.</param>
    /// <param name="secret">What an encrypted export is opened with; null for none.</param>
    /// <exception cref="PackFormatException">Not an export, or of a newer version.</exception>
    /// <exception cref="StoreException">NoKey: it is encrypted, and the secret is missing or another.</exception>
    public ExportReader(Stream source, IBlockCodec codec, StoreSecret? secret)
    {
        _source = source;
        _codec = codec;
        var header = Take(ExportFormat.HeaderBytes, 0);
        PackFormatException.Require(header.StartsWith(ExportFormat.HeaderMagic), 0, "it does not begin as an export of a generation does");
        PackFormatException.Require(
            BinaryPrimitives.ReadUInt32LittleEndian(header[ExportFormat.HeaderGuardAt..]) == PackFormat.Guard(header[..ExportFormat.HeaderGuardAt]),
            0, "the guard of its header does not match");
        var version = BinaryPrimitives.ReadUInt16LittleEndian(header[ExportFormat.HeaderVersionAt..]);
        var flags = BinaryPrimitives.ReadUInt16LittleEndian(header[ExportFormat.HeaderFlagsAt..]);
        var keyBytes = BinaryPrimitives.ReadInt32LittleEndian(header[ExportFormat.HeaderKeyBytesAt..]);
        if (version != ExportFormat.Version || (flags & ~ExportFormat.IsEncrypted) != 0
            || BinaryPrimitives.ReadUInt32LittleEndian(header[ExportFormat.HeaderSizeAt..]) != ExportFormat.HeaderBytes
            || header[ExportFormat.HeaderReservedAt..ExportFormat.HeaderGuardAt].ContainsAnyExcept((byte)0))
        {
            throw new PackFormatException(0, $"it has version {version}, or flags, that this program does not know", isNewer: true);
        }

        PackFormatException.Require(
            flags == 0 ? keyBytes == 0 : keyBytes is > 0 and <= KeySlot.FileBytesMax, ExportFormat.HeaderKeyBytesAt, $"its header says {keyBytes} bytes of a key");
        _hash.AppendData(header);
        HeadBytes = ExportFormat.HeaderBytes + keyBytes;
        if (flags != 0)
        {
            var key = Take(keyBytes, 0);
            _hash.AppendData(key);
            _cipher = Unwrap(key.ToArray(), secret);
        }
    }

    /// <summary>Bytes before the first record.</summary>
    public int HeadBytes { get; }

    /// <summary>Bytes of records so far.</summary>
    public long RecordBytes { get; private set; }

    /// <summary>Records so far.</summary>
    public long Count => _count;

    private long Position => HeadBytes + RecordBytes;

    /// <summary>Reads the next record. False at the end, which is proved then.</summary>
    /// <exception cref="PackFormatException">Damaged, cut short, or of a newer version.</exception>
    public bool TryRead(out ExportedRecord record)
    {
        var head = Take(PackFormat.RecordHeaderBytes, 0);
        if (head.StartsWith(ExportFormat.FooterMagic))
        {
            RequireFooter(head);
            record = default;
            return false;
        }

        var header = RecordHeader.Read(head, Position);
        PackFormatException.Require(header.Kind != ChunkKind.Ledger, Position, "it holds a ledger");
        Grow(header);
        var payload = Take(header.StoredBytes, PackFormat.RecordHeaderBytes);
        var plain = _plain.AsSpan(0, header.PlainBytes);
        ChunkDecoder.Decode(_codec, header, payload, plain, Position, _cipher);
        PackFormatException.Require(ExportFormat.NameOf(plain, _cipher) == header.Chunk, Position, "plain bytes do not match their hash");
        _hash.AppendData(_record.AsSpan(0, header.RecordBytes));
        _count++;
        RecordBytes += header.RecordBytes;
        record = new ExportedRecord(header, plain);
        return true;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _hash.Dispose();
        _cipher?.Dispose();
    }

    private static StoreCipher Unwrap(byte[] key, StoreSecret? secret)
    {
        if (secret is null)
        {
            throw new StoreException(StoreFailure.NoKey, "the export is encrypted, and no key was given", "name the key file of the store that wrote it with --export-key-file");
        }

        try
        {
            Span<byte> master = stackalloc byte[StoreCipher.KeyBytes];
            if (!KeySlot.Decode(key).TryUnwrap(secret, Guid.Empty, master))
            {
                throw new StoreException(StoreFailure.NoKey, "the export is encrypted with another key", "name the key file of the store that wrote it with --export-key-file");
            }

            var cipher = new StoreCipher(master);
            CryptographicOperations.ZeroMemory(master);
            return cipher;
        }
        catch (FormatException exception)
        {
            throw new PackFormatException(ExportFormat.HeaderBytes, $"its key is damaged: {exception.Message}");
        }
    }

    // A manifest may have 64 MiB: room for it is made when its header, which has a guard, says so.
    private void Grow(RecordHeader header)
    {
        if (_record.Length < header.RecordBytes)
        {
            Array.Resize(ref _record, header.RecordBytes);
        }

        if (_plain.Length < header.PlainBytes)
        {
            _plain = new byte[header.PlainBytes];
        }
    }

    private void RequireFooter(ReadOnlySpan<byte> footer)
    {
        _hash.AppendData(footer[..ExportFormat.FooterHashAt]);
        PackFormatException.Require(
            BinaryPrimitives.ReadInt64LittleEndian(footer[ExportFormat.FooterCountAt..]) == _count
                && BinaryPrimitives.ReadInt64LittleEndian(footer[ExportFormat.FooterRecordBytesAt..]) == RecordBytes
                && !footer[ExportFormat.FooterReservedAt..ExportFormat.FooterHashAt].ContainsAnyExcept((byte)0)
                && footer[ExportFormat.FooterHashAt..].SequenceEqual(_hash.GetHashAndReset()),
            Position, "its footer does not match what comes before");
        PackFormatException.Require(_source.ReadByte() < 0, Position, "something follows its end");
    }

    private ReadOnlySpan<byte> Take(int bytes, int at)
    {
        var target = _record.AsSpan(at, bytes);
        PackFormatException.Require(_source.ReadAtLeast(target, bytes, throwOnEndOfStream: false) == bytes, Position, "it is cut short");
        return target;
    }
}
