using Checkpointer.Store.Generations;
using Checkpointer.Store.Index;
using Checkpointer.Store.Packs;

namespace Checkpointer.Store.Maintenance;

/// <summary>Copies the live records of packs, as they are and each proved by its hash, into new packs. One thread.</summary>
internal sealed class PackCopier(StoreContext store, ChunkMarks marks, PackAppender appender, Action<long> copied, CancellationToken cancellation)
{
    private readonly ChunkReader _reader = new(store);
    private byte[] _record = [];
    private byte[]? _plain;

    /// <summary>Copies what is live in a pack. Null when all of it was copied, else what is wrong: the pack must stay.</summary>
    public string? Copy(PackRow row)
    {
        try
        {
            using var lease = store.Packs.Borrow(row.Id);
            PackFormatException.Require(lease is not null, 0, "the pack file is missing");
            foreach (var entry in EntriesOf(store, row).Where(entry => marks.IsLive(row.Key, entry.Offset)))
            {
                cancellation.ThrowIfCancellationRequested();
                Copy(lease!.Pack, entry);
            }

            return null;
        }
        catch (PackFormatException exception)
        {
            return exception.Message;
        }
        catch (StoreException exception) when (exception.Reason == StoreFailure.Corrupt)
        {
            return exception.Message;
        }
    }

    /// <summary>The records of a pack: what its trailer says, or where it has none that the index knows, what the index says.</summary>
    public static IReadOnlyList<PackEntry> EntriesOf(StoreContext store, PackRow row)
    {
        try
        {
            using var lease = store.Packs.Borrow(row.Id);
            if (lease?.Pack.ReadTrailer() is { } trailer && trailer.Hash.Span.SequenceEqual(row.TrailerHash.Span))
            {
                return trailer.Entries;
            }
        }
        catch (PackFormatException)
        {
            // Its records may be good all the same, and the index knows where they are.
        }

        return store.PackTable.ChunksIn(row.Key);
    }

    private void Copy(PackFile pack, PackEntry entry)
    {
        ChunkFields.RequireSizes(entry.Kind, entry.Codec, entry.StoredBytes, entry.PlainBytes, entry.Offset);
        if (_record.Length < entry.RecordBytes)
        {
            _record = new byte[Math.Max(entry.RecordBytes, 1 << 17)];
        }

        var record = _record.AsSpan(0, entry.RecordBytes);
        PackFormatException.Require(pack.Read(entry.Offset, record) == record.Length, entry.Offset, "the pack ends inside a record");
        _reader.Decode(entry, record, ref _plain);
        appender.Append(RecordHeader.Read(record, entry.Offset), record);
        copied(record.Length);
    }
}
