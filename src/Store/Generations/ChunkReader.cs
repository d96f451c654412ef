using Checkpointer.Store.Chunking;
using Checkpointer.Store.Index;
using Checkpointer.Store.Packs;

namespace Checkpointer.Store.Generations;

/// <summary>Reads chunks by name and proves them by their hash. One thread at a time: it owns a buffer.</summary>
internal sealed class ChunkReader(StoreContext store)
{
    private readonly Dictionary<ChunkId, ChunkLocation?> _expected = [];
    private byte[] _record = new byte[PackFormat.RecordHeaderBytes + Geometry.ChunkBytesMax];

    /// <summary>Kind of the chunk that was read last.</summary>
    public ChunkKind LastKind { get; private set; }

    /// <summary>Bytes read from packs so far.</summary>
    public long BytesRead { get; private set; }

    /// <summary>Says which chunks will be read next, so that the device works on all of them at once: scattered pages of many generations
    /// lie anywhere, and one after the other each would cost the device's full latency. Failures are left to the reading.</summary>
    public void Expect(IEnumerable<ChunkId> ids)
    {
        _expected.Clear();
        var wanted = ids.ToHashSet();
        foreach (var (id, location) in wanted.Zip(store.Index.RunChunks(chunks => chunks.Find(wanted))))
        {
            _expected.Add(id, location);
            if (location is { } known)
            {
                StartRead(known);
            }
        }
    }

    /// <summary>Reads a chunk into <paramref name="buffer"/>, which is replaced when too small, and returns the plain bytes in it.</summary>
    /// <exception cref="CorruptChunkException">Missing, damaged, or not what its name says.</exception>
    /// <exception cref="StoreException">The pack was written by a newer version, or cannot be read.</exception>
    public ReadOnlyMemory<byte> Read(ChunkId id, ref byte[]? buffer)
    {
        var location = (_expected.Remove(id, out var expected) ? expected : Find(id))
            ?? throw new CorruptChunkException(id.ToString(), null, 0, "the index knows no pack that holds it");
        try
        {
            using var lease = store.Packs.Borrow(location.Pack);
            PackFormatException.Require(lease is not null, location.Entry.Offset, "the pack is missing");
            return Read(lease!.Pack, location.Entry, ref buffer);
        }
        catch (PackFormatException exception)
        {
            NoteBad(exception, id, location.Pack);
            throw Translate(exception, location.Pack, id, location.Entry.Offset);
        }
    }

    /// <summary>Reads the chunk at a place.</summary>
    /// <exception cref="PackFormatException">It is not there, or damaged.</exception>
    public ReadOnlyMemory<byte> Read(PackFile pack, PackEntry entry, ref byte[]? buffer)
    {
        // The index may be damaged too: its sizes get the same bounds as those of packs.
        ChunkFields.RequireSizes(entry.Kind, entry.Codec, entry.StoredBytes, entry.PlainBytes, entry.Offset);
        if (_record.Length < entry.RecordBytes)
        {
            _record = new byte[entry.RecordBytes];
        }

        var record = _record.AsSpan(0, entry.RecordBytes);
        PackFormatException.Require(pack.Read(entry.Offset, record) == record.Length, entry.Offset, "the pack ends inside a record");
        LastKind = entry.Kind;
        BytesRead += entry.RecordBytes;
        return Decode(entry, record, ref buffer);
    }

    /// <summary>Decodes a record that was read.</summary>
    /// <exception cref="PackFormatException">It is not the record of that chunk, or damaged.</exception>
    public ReadOnlyMemory<byte> Decode(PackEntry entry, ReadOnlySpan<byte> record, ref byte[]? buffer)
    {
        if (buffer is null || buffer.Length < entry.PlainBytes)
        {
            buffer = new byte[Math.Max(entry.PlainBytes, Geometry.ChunkBytesMax)];
        }

        var header = RecordHeader.Read(record, entry.Offset);
        PackFormatException.Require(PackEntry.Of(header, entry.Offset) == entry, entry.Offset, $"the record is of chunk {header.Chunk}, not of {entry.Chunk}");
        var plain = buffer.AsMemory(0, entry.PlainBytes);
        ChunkDecoder.Decode(store.Codec.Value, header, record[PackFormat.RecordHeaderBytes..], plain.Span, entry.Offset, store.Cipher);
        PackFormatException.Require(store.Names.Of(plain.Span) == entry.Chunk, entry.Offset, "the plain bytes do not match their hash");
        return plain;
    }

    // Whoever meets a bad chunk says so to all dumps to come. The damage is the caller's in any case, an index that cannot be written is not.
    private void NoteBad(PackFormatException exception, ChunkId id, PackId pack)
    {
        try
        {
            if (!exception.IsNewer)
            {
                store.BadChunks.Add([(id, pack)], []);
            }
        }
        catch (StoreException failure)
        {
            store.Log.ForgotVerify(failure, store.Paths.Index);
        }
    }

    private ChunkLocation? Find(ChunkId id) => store.Index.RunChunks(chunks => chunks.Find(id));

    private void StartRead(ChunkLocation location)
    {
        try
        {
            using var lease = store.Packs.Borrow(location.Pack);
            lease?.Pack.StartRead(location.Entry);
        }
        catch (PackFormatException)
        {
            // The pack's header is damaged. Reading finds it again, and then knows what for.
        }
    }

    /// <summary>The failure that damage at a place means.</summary>
    public static StoreException Translate(PackFormatException exception, PackId pack, ChunkId id, long offset)
        => exception.IsNewer
            ? new StoreException(StoreFailure.UnsupportedVersion, $"pack {pack.FileName}: {exception.Message}", "use the newer release that wrote it", exception)
            : new CorruptChunkException(id.ToString(), pack.FileName, offset, exception.Message, exception);
}
