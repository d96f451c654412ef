using Checkpointer.Store.Chunking;
using Checkpointer.Store.Packs;
using Microsoft.Data.Sqlite;

namespace Checkpointer.Store.Index;

/// <summary>Reads packs and, for verify, chunks by the million: raw commands.</summary>
internal sealed class PackTable(IndexDatabase index)
{
    /// <summary>All packs, oldest first.</summary>
    public IReadOnlyList<PackRow> All()
        => index.Run(connection =>
        {
            using var command = connection.CreateCommand();
            command.CommandText = "SELECT id, pack_id, bytes, chunks, trailer_hash, is_ledger, proved_at FROM packs ORDER BY id";
            using var reader = command.ExecuteReader();
            var rows = new List<PackRow>();
            while (reader.Read())
            {
                rows.Add(ReadRow(reader));
            }

            return rows;
        });

    /// <summary>Notes that packs were proved good as a whole.</summary>
    public void SetProved(IEnumerable<PackRow> packs, DateTimeOffset at)
        => index.Run(connection =>
        {
            using var transaction = connection.BeginTransaction();
            using var command = connection.CreateCommand();
            command.Transaction = transaction;
            command.CommandText = "UPDATE packs SET proved_at = $at WHERE id = $pack";
            foreach (var pack in packs)
            {
                command.Parameters.Clear();
                command.Parameters.AddWithValue("$at", Instant.ToMicroseconds(at));
                command.Parameters.AddWithValue("$pack", pack.Key);
                command.ExecuteNonQuery();
            }

            transaction.Commit();
            return true;
        });

    /// <summary>Visits all chunks, by their names.</summary>
    public void VisitChunks(Action<VisitedChunk> visit)
        => index.Run(connection =>
        {
            using var statement = new RawStatement(connection, "SELECT chunk_id, pack, offset, kind FROM chunks");
            try
            {
                while (statement.Step())
                {
                    visit(new VisitedChunk(
                        new ChunkId(statement.Blob(0)), statement.Number(1), statement.Number(2), unchecked((ChunkKind)statement.Number(3))));
                }
            }
            finally
            {
                statement.Reset();
            }

            return true;
        });

    /// <summary>How many chunks the index places in each pack, by pack key; keys of packs that do not exist included.</summary>
    public IReadOnlyDictionary<long, long> ChunkCounts()
        => index.Run(connection =>
        {
            using var command = connection.CreateCommand();
            command.CommandText = "SELECT pack, COUNT(*) FROM chunks GROUP BY pack";
            using var reader = command.ExecuteReader();
            var counts = new Dictionary<long, long>();
            while (reader.Read())
            {
                counts.Add(reader.GetInt64(0), reader.GetInt64(1));
            }

            return counts;
        });

    /// <summary>Chunks that the index places in a pack, by offset. Reads the whole table: for damaged packs only.</summary>
    public IReadOnlyList<PackEntry> ChunksIn(long packKey)
        => index.Run(connection =>
        {
            using var command = connection.CreateCommand();
            command.CommandText =
                "SELECT chunk_id, offset, stored_bytes, plain_bytes, kind, codec FROM chunks WHERE pack = $pack ORDER BY offset";
            command.Parameters.AddWithValue("$pack", packKey);
            return ReadEntries(command);
        });

    /// <summary>SQLite's own check; null when the database is sound, else what it says.</summary>
    public string? IntegrityFailure()
        => index.Run(connection =>
        {
            using var command = connection.CreateCommand();
            command.CommandText = "PRAGMA integrity_check(1)";
            var answer = (string)command.ExecuteScalar()!;
            return answer == "ok" ? null : answer;
        });

    // Memory is allocated by these numbers: an index that is damaged must not decide how much.
    private static PackRow ReadRow(SqliteDataReader reader)
    {
        var (bytes, chunks) = (reader.GetInt64(2), reader.GetInt32(3));
        ArgumentOutOfRangeException.ThrowIfNegative(bytes);
        ArgumentOutOfRangeException.ThrowIfNegative(chunks);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(chunks, PackFormat.EntriesMax);
        return new PackRow(
            reader.GetInt64(0), new PackId(reader.GetFieldValue<byte[]>(1)), bytes, chunks, reader.GetFieldValue<byte[]>(4), reader.GetBoolean(5),
            reader.IsDBNull(6) ? null : Instant.FromMicroseconds(reader.GetInt64(6)));
    }

    private static List<PackEntry> ReadEntries(SqliteCommand command)
    {
        using var reader = command.ExecuteReader();
        var entries = new List<PackEntry>();
        while (reader.Read())
        {
            entries.Add(new PackEntry(
                new ChunkId(reader.GetFieldValue<byte[]>(0)), reader.GetInt64(1), reader.GetInt32(2), reader.GetInt32(3),
                (ChunkKind)reader.GetByte(4), (ChunkCodec)reader.GetByte(5)));
        }

        return entries;
    }
}
