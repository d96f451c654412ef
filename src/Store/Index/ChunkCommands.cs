using Checkpointer.Store.Chunking;
using Checkpointer.Store.Packs;
using Microsoft.Data.Sqlite;

namespace Checkpointer.Store.Index;

/// <summary>The hot queries of the index, prepared once per connection. Precondition: the index's lock is held.</summary>
internal sealed class ChunkCommands(SqliteConnection connection) : IDisposable
{
    private readonly RawStatement _exists = new(
        connection, "SELECT 1 FROM chunks WHERE chunk_id = ?1 AND NOT EXISTS (SELECT 1 FROM bad_chunks WHERE chunk_id = ?1)");

    private readonly RawStatement _find = new(
        connection,
        "SELECT p.pack_id, c.offset, c.stored_bytes, c.plain_bytes, c.kind, c.codec FROM chunks c JOIN packs p ON p.id = c.pack WHERE c.chunk_id = ?1");

    private readonly RawStatement _place = new(connection, "SELECT pack, offset, stored_bytes FROM chunks WHERE chunk_id = ?1");
    private readonly RawStatement _begin = new(connection, "BEGIN");
    private readonly RawStatement _end = new(connection, "COMMIT");

    /// <summary>Whether the chunk is stored, and not known to be bad.</summary>
    public bool Exists(ChunkId id)
    {
        _exists.Bind(1, id);
        var exists = _exists.Step();
        _exists.Reset();
        return exists;
    }

    /// <summary>Whether each of many is stored, in the same order. One read transaction: taking and leaving one costs more than a look-up.</summary>
    public IReadOnlyList<bool> Exist(IReadOnlyCollection<ChunkId> ids) => RunAll(ids, Exists);

    /// <summary>Where it is, or null.</summary>
    public ChunkLocation? Find(ChunkId id)
    {
        _find.Bind(1, id);
        try
        {
            return _find.Step() ? new ChunkLocation(new PackId(_find.Blob(0)), ReadEntry(id)) : null;
        }
        finally
        {
            _find.Reset();
        }
    }

    /// <summary>Where many are, in the same order, by one read transaction.</summary>
    public IReadOnlyList<ChunkLocation?> Find(IReadOnlyCollection<ChunkId> ids) => RunAll(ids, Find);

    /// <summary>The places of many, in the same order, by one read transaction.</summary>
    public IReadOnlyList<ChunkPlace?> FindPlaces(IReadOnlyCollection<ChunkId> ids) => RunAll(ids, FindPlace);

    /// <inheritdoc/>
    public void Dispose()
    {
        _place.Dispose();
        _begin.Dispose();
        _end.Dispose();
        _exists.Dispose();
        _find.Dispose();
    }

    private ChunkPlace? FindPlace(ChunkId id)
    {
        _place.Bind(1, id);
        try
        {
            return _place.Step() ? new ChunkPlace(_place.Number(0), _place.Number(1), unchecked((int)_place.Number(2))) : null;
        }
        finally
        {
            _place.Reset();
        }
    }

    private T[] RunAll<T>(IReadOnlyCollection<ChunkId> ids, Func<ChunkId, T> query)
    {
        if (ids.Count == 0)
        {
            return [];
        }

        Run(_begin);
        try
        {
            return [.. ids.Select(query)];
        }
        finally
        {
            Run(_end);
        }
    }

    private static void Run(RawStatement statement)
    {
        statement.Step();
        statement.Reset();
    }

    // A damaged index can hold any number; ChunkReader checks the sizes.
    private PackEntry ReadEntry(ChunkId id)
        => new(
            id, _find.Number(1), unchecked((int)_find.Number(2)), unchecked((int)_find.Number(3)),
            unchecked((ChunkKind)_find.Number(4)), unchecked((ChunkCodec)_find.Number(5)));
}
