using Checkpointer.Store.Chunking;
using Checkpointer.Store.Packs;
using Microsoft.Data.Sqlite;

namespace Checkpointer.Store.Index;

/// <summary>A generation to be entered into the index, with the facts of its job for an index that does not know it.</summary>
internal sealed record NewGeneration(GenerationRecord Record, ChunkId Manifest, JobRecord Job);

/// <summary>Enters packs and generations in one transaction. Precondition: the packs are durable.</summary>
internal static class IndexCommit
{
    /// <summary>The transaction that makes generations exist.</summary>
    /// <param name="index">The index.</param>
    /// <param name="packs">Packs that the index does not know; read once, one at a time.</param>
    /// <param name="generations">For a job that is new to the index the first one listed says its facts.</param>
    public static void Run(IndexDatabase index, IEnumerable<PackContents> packs, IEnumerable<NewGeneration> generations)
        => index.Run(connection =>
        {
            using var transaction = connection.BeginTransaction();
            InsertPacks(connection, transaction, packs);
            foreach (var generation in generations)
            {
                InsertGeneration(connection, transaction, generation);
            }

            transaction.Commit();
            return true;
        });

    /// <summary>Enters packs. Precondition: the transaction is open on the connection.</summary>
    public static void InsertPacks(SqliteConnection connection, SqliteTransaction transaction, IEnumerable<PackContents> packs)
    {
        using var insertPack = Command(connection, transaction);
        insertPack.CommandText =
            "INSERT INTO packs (pack_id, bytes, chunks, trailer_hash, is_ledger) VALUES ($pack, $bytes, $chunks, $hash, $ledger) RETURNING id";
        using var insertChunk = new ChunkInsert(connection);
        foreach (var (pack, entries) in packs)
        {
            insertPack.Parameters.Clear();
            insertPack.Parameters.AddWithValue("$pack", pack.Id.ToArray());
            insertPack.Parameters.AddWithValue("$bytes", pack.Bytes);
            insertPack.Parameters.AddWithValue("$chunks", pack.Count);
            insertPack.Parameters.AddWithValue("$hash", pack.TrailerHash.ToArray());
            insertPack.Parameters.AddWithValue("$ledger", entries.Any(entry => entry.Kind == ChunkKind.Ledger));
            var key = (long)insertPack.ExecuteScalar()!;
            foreach (var entry in entries)
            {
                insertChunk.Run(key, entry);
            }
        }

        using var forgetHealed = Command(connection, transaction);
        forgetHealed.CommandText = BadChunkTable.ForgetHealed;
        forgetHealed.ExecuteNonQuery();
    }

    /// <summary>Enters a generation. Precondition: the transaction is open on the connection.</summary>
    public static void InsertGeneration(SqliteConnection connection, SqliteTransaction transaction, NewGeneration generation)
    {
        InsertJob(connection, transaction, generation.Job, generation.Record.Name.Number);
        var (record, summary) = (generation.Record, generation.Record.Summary);
        using var command = Command(connection, transaction);
        command.CommandText =
            """
            INSERT INTO generations
                (job_id, number, manifest, created_at, duration, new_bytes, kind, tracker, capture, freeze_us, processes, threads,
                 populated_bytes, dirty_bytes, is_pinned, note)
            SELECT id, $number, $manifest, $created, $duration, $new, $kind, $tracker, $capture, $freeze, $processes, $threads,
                $populated, $dirty, $pinned, $note
            FROM jobs WHERE name = $job
            """;
        command.Parameters.AddWithValue("$job", record.Name.Job);
        command.Parameters.AddWithValue("$number", record.Name.Number);
        command.Parameters.AddWithValue("$manifest", generation.Manifest.ToArray());
        command.Parameters.AddWithValue("$created", Instant.ToMicroseconds(record.CreatedAt));
        command.Parameters.AddWithValue("$duration", record.Duration.Ticks / TimeSpan.TicksPerMicrosecond);
        command.Parameters.AddWithValue("$new", record.NewBytes);
        command.Parameters.AddWithValue("$kind", summary.Kind);
        command.Parameters.AddWithValue("$tracker", summary.Tracker);
        command.Parameters.AddWithValue("$capture", summary.Capture);
        command.Parameters.AddWithValue("$freeze", summary.FreezeMicroseconds);
        command.Parameters.AddWithValue("$processes", summary.Processes);
        command.Parameters.AddWithValue("$threads", summary.Threads);
        command.Parameters.AddWithValue("$populated", summary.PopulatedBytes);
        command.Parameters.AddWithValue("$dirty", summary.DirtyBytes);
        command.Parameters.AddWithValue("$pinned", record.IsPinned);
        command.Parameters.AddWithValue("$note", record.Note);
        var rows = command.ExecuteNonQuery();
        Invariant.Require(rows == 1, $"generation {record.Name} entered {rows} rows");
    }

    // Numbers are never reused, also when the index is rebuilt or has missed a generation.
    private static void InsertJob(SqliteConnection connection, SqliteTransaction transaction, JobRecord job, long number)
    {
        using var command = Command(connection, transaction);
        command.CommandText =
            """
            INSERT INTO jobs (name, pid, start_ticks, boot_id, command, registered_at, is_registered, next_number, cgroup, policy)
            VALUES ($name, $pid, $ticks, $boot, $command, $at, $registered, $next, $cgroup, $policy)
            ON CONFLICT (name) DO UPDATE SET next_number = MAX(next_number, excluded.next_number)
            """;
        command.Parameters.AddWithValue("$name", job.Name);
        command.Parameters.AddWithValue("$pid", job.Pid);
        command.Parameters.AddWithValue("$ticks", unchecked((long)job.StartTicks));
        command.Parameters.AddWithValue("$boot", job.BootId);
        command.Parameters.AddWithValue("$command", job.Command);
        command.Parameters.AddWithValue("$at", Instant.ToMicroseconds(job.RegisteredAt));
        command.Parameters.AddWithValue("$registered", job.IsRegistered);
        command.Parameters.AddWithValue("$next", number + 1);
        command.Parameters.AddWithValue("$cgroup", job.Cgroup ?? (object)DBNull.Value);
        command.Parameters.AddWithValue("$policy", job.Policy);
        command.ExecuteNonQuery();
    }

    private static SqliteCommand Command(SqliteConnection connection, SqliteTransaction transaction)
    {
        var command = connection.CreateCommand();
        command.Transaction = transaction;
        return command;
    }
}
