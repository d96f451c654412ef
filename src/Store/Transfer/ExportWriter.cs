using System.Buffers.Binary;
using System.Security.Cryptography;
using Checkpointer.Store.Encryption;
using Checkpointer.Store.Packs;

namespace Checkpointer.Store.Transfer;

/// <summary>Writes an export front to back. One thread.</summary>
internal sealed class ExportWriter : IDisposable
{
#pragma warning disable CA2213 // the stream stays the caller's
    private readonly Stream _target;
#pragma warning restore CA2213
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private long _count;

    /// <summary>Writes the header.</summary>
    /// <param name="target">Written front to back.</param>
    /// <param name="key">What the records are encrypted with, wrapped; null where they are not.</param>
    public ExportWriter(Stream target, KeySlot? key)
    {
        _target = target;
        var slot = key?.Encode() ?? [];
        HeadBytes = ExportFormat.HeaderBytes + slot.Length;
        Span<byte> header = stackalloc byte[ExportFormat.HeaderBytes];
        header.Clear();
        ExportFormat.HeaderMagic.CopyTo(header);
        BinaryPrimitives.WriteUInt16LittleEndian(header[ExportFormat.HeaderVersionAt..], ExportFormat.Version);
        BinaryPrimitives.WriteUInt16LittleEndian(header[ExportFormat.HeaderFlagsAt..], key is null ? (ushort)0 : ExportFormat.IsEncrypted);
        BinaryPrimitives.WriteUInt32LittleEndian(header[ExportFormat.HeaderSizeAt..], ExportFormat.HeaderBytes);
        BinaryPrimitives.WriteInt32LittleEndian(header[ExportFormat.HeaderKeyBytesAt..], slot.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(header[ExportFormat.HeaderGuardAt..], PackFormat.Guard(header[..ExportFormat.HeaderGuardAt]));
        Put(header);
        Put(slot);
    }

    /// <summary>Bytes before the first record.</summary>
    public int HeadBytes { get; }

    /// <summary>Bytes of records so far.</summary>
    public long RecordBytes { get; private set; }

    /// <summary>Records so far.</summary>
    public long Count => _count;

    /// <summary>Adds a record, header and payload.</summary>
    public void Write(ReadOnlySpan<byte> record)
    {
        Put(record);
        RecordBytes += record.Length;
        _count++;
    }

    /// <summary>Writes the footer. Nothing may follow.</summary>
    public void Finish()
    {
        Span<byte> footer = stackalloc byte[ExportFormat.FooterBytes];
        footer.Clear();
        ExportFormat.FooterMagic.CopyTo(footer);
        BinaryPrimitives.WriteInt64LittleEndian(footer[ExportFormat.FooterCountAt..], _count);
        BinaryPrimitives.WriteInt64LittleEndian(footer[ExportFormat.FooterRecordBytesAt..], RecordBytes);
        _hash.AppendData(footer[..ExportFormat.FooterHashAt]);
        _hash.GetHashAndReset(footer[ExportFormat.FooterHashAt..]);
        _target.Write(footer);
        _target.Flush();
    }

    /// <inheritdoc/>
    public void Dispose() => _hash.Dispose();

    private void Put(ReadOnlySpan<byte> bytes)
    {
        _hash.AppendData(bytes);
        _target.Write(bytes);
    }
}
