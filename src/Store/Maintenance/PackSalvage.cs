using Checkpointer.Store.Chunking;
using Checkpointer.Store.Generations;
using Checkpointer.Store.Index;
using Checkpointer.Store.Packs;

namespace Checkpointer.Store.Maintenance;

/// <summary>Copies what is good of damaged packs, each record proved by its hash, into new ones. One thread.</summary>
/// <param name="store">The store.</param>
/// <param name="appender">Where to, or null only to find out.</param>
/// <param name="cancellation">Stops between chunks.</param>
internal sealed class PackSalvage(StoreContext store, PackAppender? appender, CancellationToken cancellation)
{
    private readonly ChunkReader _reader = new(store);
    private readonly HashSet<ChunkId> _saved = [];
    private readonly Dictionary<ChunkId, string> _lost = [];
    private byte[] _record = [];
    private byte[]? _plain;

    /// <summary>Chunks that were good.</summary>
    public long Chunks => _saved.Count;

    /// <summary>Bytes of their records.</summary>
    public long Bytes { get; private set; }

    /// <summary>Chunks that were not, and what is wrong with them.</summary>
    public IReadOnlyDictionary<ChunkId, string> Lost => _lost;

    /// <summary>Adds chunks that are needed and not to be found.</summary>
    public void AddLost(IEnumerable<ChunkId> chunks)
    {
        foreach (var chunk in chunks)
        {
            _lost.TryAdd(chunk, "no pack holds it");
        }
    }

    /// <summary>Saves what is good in a damaged pack. What lies in another pack, and is good there, is left.</summary>
    public void Save(PackRow row)
    {
        var inIndex = store.PackTable.ChunksIn(row.Key);
        using var lease = Borrow(row.Id);
        foreach (var entry in Listed(lease?.Pack).Concat(inIndex).Distinct().Where(entry => entry.Kind != ChunkKind.Ledger))
        {
            cancellation.ThrowIfCancellationRequested();
            if (IsWanted(entry.Chunk, row.Id))
            {
                Save(lease?.Pack, entry);
            }
        }
    }

    /// <summary>Looks for other copies of what was lost: of what two writers stored at once there are two.</summary>
    /// <param name="others">Packs that are not damaged.</param>
    public void FindCopies(IEnumerable<PackRow> others)
    {
        foreach (var row in others.TakeWhile(_ => _lost.Count > 0))
        {
            using var lease = Borrow(row.Id);
            foreach (var entry in Listed(lease?.Pack).Where(entry => _lost.ContainsKey(entry.Chunk)))
            {
                cancellation.ThrowIfCancellationRequested();
                Save(lease!.Pack, entry);
            }
        }
    }

    private PackCache.Lease? Borrow(PackId id)
    {
        try
        {
            return store.Packs.Borrow(id);
        }
        catch (PackFormatException)
        {
            return null; // another pack's file under this name
        }
    }

    private static IReadOnlyList<PackEntry> Listed(PackFile? pack)
    {
        try
        {
            return pack?.ReadTrailer().Entries ?? [];
        }
        catch (Exception exception) when (exception is PackFormatException || exception is StoreException { Reason: StoreFailure.Corrupt })
        {
            return pack!.Scan();
        }
    }

    // Everything in a damaged pack is noted as bad, so whatever exists lies elsewhere.
    private bool IsWanted(ChunkId chunk, PackId pack)
        => !_saved.Contains(chunk)
            && store.Index.RunChunks(chunks => !chunks.Exists(chunk) || chunks.Find(chunk)?.Pack == pack);

    private void Save(PackFile? pack, PackEntry entry)
    {
        try
        {
            PackFormatException.Require(pack is not null, 0, "its pack is missing");
            Copy(pack!, entry);
            _saved.Add(entry.Chunk);
            _lost.Remove(entry.Chunk);
        }
        catch (Exception exception) when (exception is PackFormatException || exception is StoreException { Reason: StoreFailure.Corrupt })
        {
            if (!_saved.Contains(entry.Chunk))
            {
                _lost.TryAdd(entry.Chunk, exception.Message);
            }
        }
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
        appender?.Append(RecordHeader.Read(record, entry.Offset), record);
        Bytes += record.Length;
    }
}
