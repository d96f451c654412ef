using Checkpointer.Store.Packs;
using Microsoft.Data.Sqlite;

namespace Checkpointer.Store.Index;

/// <summary>Prepared insert of chunks. A chunk that two writers stored at once keeps the place that was entered first, unless it is known to be bad there.</summary>
internal sealed class ChunkInsert(SqliteConnection connection) : IDisposable
{
    private readonly RawStatement _statement = new(
        connection,
        """
        INSERT INTO chunks (chunk_id, pack, offset, stored_bytes, plain_bytes, kind, codec)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
        ON CONFLICT (chunk_id) DO UPDATE SET
            pack = excluded.pack, offset = excluded.offset, stored_bytes = excluded.stored_bytes, plain_bytes = excluded.plain_bytes,
            kind = excluded.kind, codec = excluded.codec
        WHERE EXISTS (SELECT 1 FROM bad_chunks b WHERE b.chunk_id = excluded.chunk_id AND b.pack = chunks.pack)
        """);

    /// <summary>Inserts one chunk of a pack. Precondition: a transaction is open on the connection.</summary>
    public void Run(long packKey, PackEntry entry)
    {
        _statement.Bind(1, entry.Chunk);
        _statement.Bind(2, packKey);
        _statement.Bind(3, entry.Offset);
        _statement.Bind(4, entry.StoredBytes);
        _statement.Bind(5, entry.PlainBytes);
        _statement.Bind(6, (long)entry.Kind);
        _statement.Bind(7, (long)entry.Codec);
        _statement.Step();
        _statement.Reset();
    }

    /// <inheritdoc/>
    public void Dispose() => _statement.Dispose();
}
