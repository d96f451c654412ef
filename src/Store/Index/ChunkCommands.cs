using Checkpointer.Store.Chunking;
using Checkpointer.Store.Packs;
using Microsoft.Data.Sqlite;

namespace Checkpointer.Store.Index;

/// <summary>The hot commands of the index, prepared once per connection. Precondition: the index's lock is held.</summary>
internal sealed class ChunkCommands : IDisposable
{
    private readonly SqliteCommand _exists;
    private readonly SqliteCommand _find;
    private readonly byte[] _key = new byte[ChunkId.Bytes];

    public ChunkCommands(SqliteConnection connection)
    {
        _exists = Prepare(connection, "SELECT 1 FROM chunks WHERE chunk_id = $id");
        _find = Prepare(
            connection,
            "SELECT p.pack_id, c.offset, c.stored_bytes, c.plain_bytes, c.kind, c.codec FROM chunks c JOIN packs p ON p.id = c.pack WHERE c.chunk_id = $id");
    }

    /// <summary>Whether the chunk is stored.</summary>
    public bool Exists(ChunkId id)
    {
        id.CopyTo(_key);
        return _exists.ExecuteScalar() is not null;
    }

    /// <summary>Where it is, or null.</summary>
    public ChunkLocation? Find(ChunkId id)
    {
        id.CopyTo(_key);
        using var reader = _find.ExecuteReader();
        return reader.Read()
            ? new ChunkLocation(new PackId(reader.GetFieldValue<byte[]>(0)), ReadEntry(reader, id, 1))
            : null;
    }

    /// <summary>Reads offset, sizes, kind and codec from five columns.</summary>
    public static PackEntry ReadEntry(SqliteDataReader reader, ChunkId id, int column)
        => new(
            id, reader.GetInt64(column), reader.GetInt32(column + 1), reader.GetInt32(column + 2),
            (ChunkKind)reader.GetByte(column + 3), (ChunkCodec)reader.GetByte(column + 4));

    /// <inheritdoc/>
    public void Dispose()
    {
        _exists.Dispose();
        _find.Dispose();
    }

    private SqliteCommand Prepare(SqliteConnection connection, string text)
    {
        var command = connection.CreateCommand();
#pragma warning disable CA2100 // both texts are constants above
        command.CommandText = text;
#pragma warning restore CA2100
        command.Parameters.AddWithValue("$id", _key);
        command.Prepare();
        return command;
    }
}
