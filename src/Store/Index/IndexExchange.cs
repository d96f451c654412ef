using Checkpointer.Store.Chunking;
using Checkpointer.Store.Packs;
using Microsoft.Data.Sqlite;

namespace Checkpointer.Store.Index;

/// <summary>A pack that goes, with what is known of its chunks.</summary>
/// <param name="Key">Its key.</param>
/// <param name="Chunks">All that the index may place in it, or null where that has to be looked for among all chunks.</param>
internal sealed record LeavingPack(long Key, IReadOnlyList<PackEntry>? Chunks);

/// <summary>Takes packs out of the index and enters others that hold what was live in them, in one transaction. Precondition: those are durable, and a ledger
/// among them names those that go.</summary>
internal static class IndexExchange
{
    /// <summary>The transaction.</summary>
    /// <param name="index">The index.</param>
    /// <param name="leaving">Packs that go; read once, one at a time.</param>
    /// <param name="arriving">Packs that come; read once, one at a time.</param>
    /// <param name="forgotten">Manifests whose generations go, where the index has them.</param>
    /// <param name="generations">Generations that come.</param>
    public static void Run(
        IndexDatabase index, IEnumerable<LeavingPack> leaving, IEnumerable<PackContents> arriving, IEnumerable<ChunkId> forgotten,
        IEnumerable<NewGeneration> generations)
        => index.Run(connection =>
        {
            using var transaction = connection.BeginTransaction();
            Remove(connection, transaction, leaving);
            IndexCommit.InsertPacks(connection, transaction, arriving);
            RemoveGenerations(connection, transaction, forgotten);
            foreach (var generation in generations)
            {
                IndexCommit.InsertGeneration(connection, transaction, generation);
            }

            transaction.Commit();
            return true;
        });

    private static void Remove(SqliteConnection connection, SqliteTransaction transaction, IEnumerable<LeavingPack> leaving)
    {
        using var removeChunk = new RawStatement(connection, "DELETE FROM chunks WHERE chunk_id = ?1 AND pack = ?2");
        using var removeAll = Command(connection, transaction, "DELETE FROM chunks WHERE pack = $pack");
        using var removePack = Command(connection, transaction, "DELETE FROM packs WHERE id = $pack");
        foreach (var (key, chunks) in leaving)
        {
            foreach (var entry in chunks ?? [])
            {
                removeChunk.Bind(1, entry.Chunk);
                removeChunk.Bind(2, key);
                removeChunk.Step();
                removeChunk.Reset();
            }

            if (chunks is null)
            {
                Execute(removeAll, key);
            }

            Execute(removePack, key);
        }
    }

    private static void RemoveGenerations(SqliteConnection connection, SqliteTransaction transaction, IEnumerable<ChunkId> manifests)
    {
        using var command = Command(connection, transaction, "DELETE FROM generations WHERE manifest = $manifest");
        foreach (var manifest in manifests)
        {
            command.Parameters.Clear();
            command.Parameters.AddWithValue("$manifest", manifest.ToArray());
            command.ExecuteNonQuery();
        }
    }

    private static void Execute(SqliteCommand command, long pack)
    {
        command.Parameters.Clear();
        command.Parameters.AddWithValue("$pack", pack);
        command.ExecuteNonQuery();
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
