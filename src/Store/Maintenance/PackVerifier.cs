using Checkpointer.Store.Index;
using Checkpointer.Store.Packs;

namespace Checkpointer.Store.Maintenance;

/// <summary>Proves the frames of packs, header and trailer, against their own checks and against the index. Safe for use from any thread.</summary>
internal sealed class PackVerifier(StoreContext store, DamageBook book, VerifyTally tally)
{
    /// <summary>Proves header and trailer. Null when there is no trustworthy trailer.</summary>
    public PackTrailer? ProveFrame(PackRow row)
    {
        tally.AddPack();
        using var lease = Borrow(store, book, row.Id);
        if (lease is null)
        {
            return null;
        }

        try
        {
            lease.Pack.ProveHeader();
            var trailer = lease.Pack.ReadTrailer();
            tally.Add(PackFormat.HeaderBytes + lease.Pack.Bytes - trailer.Offset, 0);
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

    /// <summary>Compares entries of a pack's trailer with the index; returns how many the index places in the pack.</summary>
    public int CompareWithIndex(PackId pack, IReadOnlyCollection<PackEntry> entries)
    {
        var placedHere = 0;
        var locations = store.Index.RunChunks(chunks => chunks.Find([.. entries.Select(entry => entry.Chunk)]));
        foreach (var (entry, location) in entries.Zip(locations))
        {
            // A chunk that the index lacks was collected at the other place where it was stored; who needs it all the same finds that on the walk.
            if (location?.Pack == pack)
            {
                placedHere++;
                RequireSamePlace(pack, entry, location.Value);
            }
        }

        return placedHere;
    }

    /// <summary>Names the chunks that the index places in a pack that does not hold them.</summary>
    public void NameMisplaced(PackRow row)
    {
        using var lease = Borrow(store, book, row.Id);
        var held = lease?.Pack.ReadTrailer().Entries.Select(entry => entry.Chunk).ToHashSet() ?? [];
        foreach (var entry in store.PackTable.ChunksIn(row.Key).Where(entry => !held.Contains(entry.Chunk)))
        {
            book.AddMisplaced(entry.Chunk, entry, row.Id, "the index places the chunk in a pack that does not hold it");
        }
    }

    /// <summary>Borrows a pack; null when it cannot be opened, which is then in the book.</summary>
    public static PackCache.Lease? Borrow(StoreContext store, DamageBook book, PackId id)
    {
        try
        {
            var lease = store.Packs.Borrow(id);
            if (lease is null)
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

    private void RequireSamePlace(PackId pack, PackEntry entry, ChunkLocation location)
    {
        // A pack may hold a chunk twice only by a fault of ours; the trailer then lists it twice.
        if (location.Entry != entry)
        {
            book.AddMisplaced(entry.Chunk, location.Entry, pack, $"the index has another place or size for the chunk than the trailer ({entry.Offset})");
        }
    }
}
