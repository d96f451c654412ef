using Checkpointer.Store.Chunking;
using Checkpointer.Store.Packs;
using Microsoft.Data.Sqlite;

namespace Checkpointer.Store.Index;

/// <summary>
/// Chunks that were found bad where the index places them. Deduplication does not count on them: a dump that brings the same bytes stores them again, the index then
/// points to the new place, and every generation that needs the chunk is whole again.
/// </summary>
internal sealed class BadChunkTable(IndexDatabase index)
{
    /// <summary>Chunks of which the index knows another place by now, or none, are not bad any more. Cheap while few are.</summary>
    public const string ForgetHealed =
        """
        DELETE FROM bad_chunks WHERE NOT EXISTS
            (SELECT 1 FROM chunks c WHERE c.chunk_id = bad_chunks.chunk_id AND c.pack = bad_chunks.pack)
        """;

    /// <summary>All of them.</summary>
    public IReadOnlyList<ChunkId> All()
        => index.Run(connection =>
        {
            using var command = connection.CreateCommand();
            command.CommandText = "SELECT chunk_id FROM bad_chunks";
            using var reader = command.ExecuteReader();
            var ids = new List<ChunkId>();
            while (reader.Read())
            {
                ids.Add(new ChunkId(reader.GetFieldValue<byte[]>(0)));
            }

            return ids;
        });

    /// <summary>Notes chunks that are bad in a pack, where the index places them there, and packs all of whose chunks are.</summary>
    public void Add(IReadOnlyCollection<(ChunkId Chunk, PackId Pack)> chunks, IReadOnlyCollection<PackId> packs)
    {
        if (chunks.Count + packs.Count > 0)
        {
            index.Run(connection => Add(connection, chunks, packs));
        }
    }

    /// <summary>Notes that everything in packs is good.</summary>
    public void Clear(IEnumerable<PackRow> packs)
        => index.Run(connection =>
        {
            using var transaction = connection.BeginTransaction();
            using var command = Command(connection, transaction, "DELETE FROM bad_chunks WHERE pack = $pack");
            foreach (var pack in packs)
            {
                command.Parameters.Clear();
                command.Parameters.AddWithValue("$pack", pack.Key);
                command.ExecuteNonQuery();
            }

            transaction.Commit();
            return true;
        });

    private static bool Add(SqliteConnection connection, IReadOnlyCollection<(ChunkId Chunk, PackId Pack)> chunks, IReadOnlyCollection<PackId> packs)
    {
        const string insert = "INSERT OR REPLACE INTO bad_chunks (chunk_id, pack) SELECT chunk_id, pack FROM chunks WHERE";
        const string there = "pack = (SELECT id FROM packs WHERE pack_id = $pack)";
        using var transaction = connection.BeginTransaction();
        using var addChunk = Command(connection, transaction, $"{insert} chunk_id = $chunk AND {there}");
        foreach (var (chunk, pack) in chunks)
        {
            addChunk.Parameters.Clear();
            addChunk.Parameters.AddWithValue("$chunk", chunk.ToArray());
            addChunk.Parameters.AddWithValue("$pack", pack.ToArray());
            addChunk.ExecuteNonQuery();
        }

        using var addPack = Command(connection, transaction, $"{insert} {there}");
        foreach (var pack in packs)
        {
            addPack.Parameters.Clear();
            addPack.Parameters.AddWithValue("$pack", pack.ToArray());
            addPack.ExecuteNonQuery();
        }

        transaction.Commit();
        return true;
    }

    private static SqliteCommand Command(SqliteConnection connection, SqliteTransaction transaction, string text)
    {
        var command = connection.CreateCommand();
        command.Transaction = transaction;
#pragma warning disable CA2100 // the texts are constants of this class
        command.CommandText = text;
#pragma warning restore CA2100
        return command;
    }
}
