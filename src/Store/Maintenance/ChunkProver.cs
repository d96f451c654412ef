using Checkpointer.Store.Generations;
using Checkpointer.Store.Index;
using Checkpointer.Store.Packs;

namespace Checkpointer.Store.Maintenance;

/// <summary>Re-reads, decodes and re-hashes chunks. One thread: it owns buffers.</summary>
internal sealed class ChunkProver(StoreContext store, DamageBook book, VerifyTally tally, CancellationToken cancellation)
{
    private readonly ChunkReader _reader = new(store);
    private byte[] _records = [];
    private byte[]? _plain;

    /// <summary>Proves one chunk.</summary>
    public void Prove(ChunkLocation location)
    {
        cancellation.ThrowIfCancellationRequested();
        using var lease = book.IsUnreadable(location.Pack) ? null : PackVerifier.Borrow(store, book, location.Pack);
        if (lease is not null)
        {
            Prove(location.Pack, location.Entry, () => _reader.Read(lease.Pack, location.Entry, ref _plain));
        }
    }

    /// <summary>Proves records that lie one behind the other in a pack, with one read.</summary>
    public void Prove(PackId pack, ArraySegment<PackEntry> entries)
    {
        cancellation.ThrowIfCancellationRequested();
        using var lease = book.IsUnreadable(pack) ? null : PackVerifier.Borrow(store, book, pack);
        if (lease is null)
        {
            return;
        }

        var records = Read(lease.Pack, entries[0].Offset, (int)(entries[^1].End - entries[0].Offset));
        foreach (var entry in entries)
        {
            var at = (int)(entry.Offset - entries[0].Offset);

            // What could not be read in one go is read record by record, to know which one it is.
            Prove(pack, entry, () => at + entry.RecordBytes <= records.Length
                ? _reader.Decode(entry, records.Span.Slice(at, entry.RecordBytes), ref _plain)
                : _reader.Read(lease.Pack, entry, ref _plain));
        }
    }

    private ReadOnlyMemory<byte> Read(PackFile pack, long offset, int bytes)
    {
        if (_records.Length < bytes)
        {
            _records = GC.AllocateUninitializedArray<byte>(bytes);
        }

        try
        {
            return _records.AsMemory(0, pack.Read(offset, _records.AsSpan(0, bytes)));
        }
        catch (StoreException exception) when (exception.Reason == StoreFailure.Corrupt)
        {
            return ReadOnlyMemory<byte>.Empty;
        }
    }

    private void Prove(PackId pack, PackEntry entry, Func<ReadOnlyMemory<byte>> read)
    {
        try
        {
            read();
            tally.Add(entry.RecordBytes, 1);
        }
        catch (PackFormatException exception)
        {
            book.AddChunk(entry.Chunk, entry, pack, exception.Message);
        }
        catch (StoreException exception) when (exception.Reason == StoreFailure.Corrupt)
        {
            book.AddChunk(entry.Chunk, entry, pack, exception.Message);
        }
    }
}
