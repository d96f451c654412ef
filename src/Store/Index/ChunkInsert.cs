using Checkpointer.Store.Chunking;
using Checkpointer.Store.Packs;
using Microsoft.Data.Sqlite;

namespace Checkpointer.Store.Index;

/// <summary>Prepared insert of chunks. A chunk that two writers stored at once keeps the place that was entered first.</summary>
internal sealed class ChunkInsert : IDisposable
{
    private readonly SqliteCommand _command;
    private readonly byte[] _key = new byte[ChunkId.Bytes];
    private readonly SqliteParameter[] _values;

    public ChunkInsert(SqliteConnection connection, SqliteTransaction transaction)
    {
        _command = connection.CreateCommand();
        _command.Transaction = transaction;
        _command.CommandText =
            """
            INSERT OR IGNORE INTO chunks (chunk_id, pack, offset, stored_bytes, plain_bytes, kind, codec)
            VALUES ($id, $pack, $offset, $stored, $plain, $kind, $codec)
            """;
        _command.Parameters.AddWithValue("$id", _key);
        string[] names = ["$pack", "$offset", "$stored", "$plain", "$kind", "$codec"];
        _values = [.. names.Select(name => _command.Parameters.Add(name, SqliteType.Integer))];
    }

    /// <summary>Inserts one chunk of a pack.</summary>
    public void Run(long packKey, PackEntry entry)
    {
        entry.Chunk.CopyTo(_key);
        _values[0].Value = packKey;
        _values[1].Value = entry.Offset;
        _values[2].Value = entry.StoredBytes;
        _values[3].Value = entry.PlainBytes;
        _values[4].Value = (long)entry.Kind;
        _values[5].Value = (long)entry.Codec;
        _command.ExecuteNonQuery();
    }

    /// <inheritdoc/>
    public void Dispose() => _command.Dispose();
}
