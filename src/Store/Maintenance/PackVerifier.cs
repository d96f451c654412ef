using Checkpointer.Store.Generations;
using Checkpointer.Store.Index;
using Checkpointer.Store.Packs;

namespace Checkpointer.Store.Maintenance;

/// <summary>Proves packs and chunks against their own checks and against the index.</summary>
internal sealed class PackVerifier(StoreContext store, DamageBook book, IProgress<long>? bytesDone, CancellationToken cancellation)
{
    /// <summary>Progress is told every so many bytes.</summary>
    private const long ProgressBytes = 4 << 20;

    private readonly ChunkReader _reader = new(store);
    private byte[]? _buffer;
    private long _told;
    private long _frameBytes;

    /// <summary>Packs looked at.</summary>
    public int Packs { get; private set; }

    /// <summary>Chunks re-hashed.</summary>
    public long Chunks { get; private set; }

    /// <summary>Bytes read.</summary>
    public long Bytes => _reader.BytesRead + _frameBytes;

    /// <summary>Proves a whole pack: header, trailer, every record, and what the index says of it.</summary>
    public void ProvePack(PackRow row, long indexedChunks)
    {
        if (ProveFrame(row) is not { } trailer)
        {
            ProveChunks(row, store.PackTable.ChunksIn(row.Key));
            return;
        }

        ProveChunks(row, trailer.Entries);
        CompareWithIndex(row, trailer, indexedChunks);
    }

    /// <summary>Proves header and trailer. Null when there is no trustworthy trailer.</summary>
    public PackTrailer? ProveFrame(PackRow row)
    {
        Packs++;
        using var lease = Borrow(row.Id);
        if (lease is null)
        {
            return null;
        }

        try
        {
            lease.Pack.ProveHeader();
            var trailer = lease.Pack.ReadTrailer();
            _frameBytes += PackFormat.HeaderBytes + lease.Pack.Bytes - trailer.Offset;
            if (trailer.Hash.Span.SequenceEqual(row.TrailerHash.Span) && trailer.Entries.Count == row.Chunks && lease.Pack.Bytes == row.Bytes)
            {
                return trailer;
            }

            book.AddPack(row.Id, trailer.Offset, "the pack is sound but not the one that the index knows");
        }
        catch (PackFormatException exception)
        {
            book.AddPack(row.Id, exception.Offset, exception.Message);
        }
        catch (StoreException exception) when (exception.Reason == StoreFailure.Corrupt)
        {
            book.AddPack(row.Id, 0, exception.Message);
        }

        return null;
    }

    /// <summary>Re-reads, decodes and re-hashes one chunk.</summary>
    public void ProveChunk(ChunkLocation location)
    {
        cancellation.ThrowIfCancellationRequested();
        using var lease = book.IsUnreadable(location.Pack) ? null : Borrow(location.Pack);
        if (lease is null)
        {
            return;
        }

        try
        {
            _reader.Read(lease.Pack, location.Entry, ref _buffer);
            Chunks++;
        }
        catch (PackFormatException exception)
        {
            book.AddChunk(location.Entry.Chunk, location.Entry, location.Pack, exception.Message);
        }
        catch (StoreException exception) when (exception.Reason == StoreFailure.Corrupt)
        {
            book.AddChunk(location.Entry.Chunk, location.Entry, location.Pack, exception.Message);
        }

        Tell();
    }

    private void ProveChunks(PackRow row, IEnumerable<PackEntry> entries)
    {
        foreach (var entry in entries)
        {
            ProveChunk(new ChunkLocation(row.Id, entry));
        }
    }

    private void CompareWithIndex(PackRow row, PackTrailer trailer, long indexedChunks)
    {
        long placedHere = 0;
        foreach (var entry in trailer.Entries)
        {
            var location = store.Index.RunChunks(chunks => chunks.Find(entry.Chunk));
            if (location is null)
            {
                book.AddChunk(entry.Chunk, entry, row.Id, "the index lacks the chunk");
            }
            else if (location.Value.Pack == row.Id)
            {
                placedHere++;
                RequireSamePlace(row, entry, location.Value);
            }
        }

        if (placedHere != indexedChunks)
        {
            var held = trailer.Entries.Select(entry => entry.Chunk).ToHashSet();
            foreach (var entry in store.PackTable.ChunksIn(row.Key).Where(entry => !held.Contains(entry.Chunk)))
            {
                book.AddChunk(entry.Chunk, entry, row.Id, "the index places the chunk in a pack that does not hold it");
            }
        }
    }

    private void RequireSamePlace(PackRow row, PackEntry entry, ChunkLocation location)
    {
        // A pack may hold a chunk twice only by a fault of ours; the trailer then lists it twice.
        if (location.Entry != entry)
        {
            book.AddChunk(entry.Chunk, location.Entry, row.Id, $"the index has another place or size for the chunk than the trailer ({entry.Offset})");
        }
    }

    private PackCache.Lease? Borrow(PackId id)
    {
        try
        {
            var lease = store.Packs.Borrow(id);
            if (lease is null && !book.IsUnreadable(id))
            {
                book.AddUnreadablePack(id, 0, "the pack file is missing");
            }

            return lease;
        }
        catch (PackFormatException exception)
        {
            book.AddUnreadablePack(id, exception.Offset, exception.Message);
        }
        catch (StoreException exception) when (exception.Reason == StoreFailure.Corrupt)
        {
            book.AddUnreadablePack(id, 0, exception.Message);
        }

        return null;
    }

    private void Tell()
    {
        if (Bytes - _told >= ProgressBytes)
        {
            _told = Bytes;
            bytesDone?.Report(_told);
        }
    }
}
