using Microsoft.Data.Sqlite;

namespace Checkpointer.Store.Index;

/// <summary>What only an index knows: jobs as they are now, and pins. Taken out of one that is damaged, as far as it can be read, and put into the one that takes its place.</summary>
internal sealed class IndexFacts
{
    private const string JobColumns = "name, pid, start_ticks, boot_id, command, registered_at, is_registered, next_number, cgroup, policy";

    private readonly List<object[]> _jobs = [];
    private readonly List<object[]> _pins = [];

    /// <summary>Reads what can be read.</summary>
    /// <param name="path">Of the index.</param>
    /// <param name="vfs">The file layer of an encrypted one, else null.</param>
    public static IndexFacts Read(string path, string? vfs)
    {
        var facts = new IndexFacts();
        try
        {
            using var connection = IndexConnection.New(path, vfs, 0);
            connection.Open();
            Read(connection, $"SELECT {JobColumns} FROM jobs", facts._jobs);
            Read(connection, "SELECT j.name, g.number, g.note FROM generations g JOIN jobs j ON j.id = g.job_id WHERE g.is_pinned", facts._pins);
        }
        catch (SqliteException)
        {
            // It is damaged; that is why we are here. What came before the damage is kept.
        }

        return facts;
    }

    /// <summary>Enters them into another index.</summary>
    public void Write(IndexDatabase index)
        => index.Run(connection =>
        {
            using var transaction = connection.BeginTransaction();
            Execute(
                connection, transaction,
                $"""
                INSERT INTO jobs ({JobColumns}) VALUES ($0, $1, $2, $3, $4, $5, $6, $7, $8, $9)
                ON CONFLICT (name) DO UPDATE SET pid = excluded.pid, start_ticks = excluded.start_ticks, boot_id = excluded.boot_id,
                    command = excluded.command, registered_at = excluded.registered_at, is_registered = excluded.is_registered,
                    next_number = MAX(next_number, excluded.next_number), cgroup = excluded.cgroup, policy = excluded.policy
                """,
                _jobs);
            Execute(
                connection, transaction,
                "UPDATE generations SET is_pinned = 1, note = $2 WHERE number = $1 AND job_id = (SELECT id FROM jobs WHERE name = $0)", _pins);
            transaction.Commit();
            return true;
        });

    private static void Read(SqliteConnection connection, string sql, List<object[]> rows)
    {
        using var command = connection.CreateCommand();
#pragma warning disable CA2100 // the texts are constants of this class
        command.CommandText = sql;
#pragma warning restore CA2100
        using var reader = command.ExecuteReader();
        while (reader.Read())
        {
            var row = new object[reader.FieldCount];
            reader.GetValues(row);
            rows.Add(row);
        }
    }

    private static void Execute(SqliteConnection connection, SqliteTransaction transaction, string sql, List<object[]> rows)
    {
        using var command = connection.CreateCommand();
        command.Transaction = transaction;
#pragma warning disable CA2100 // the texts are constants of this class
        command.CommandText = sql;
#pragma warning restore CA2100
        foreach (var row in rows)
        {
            command.Parameters.Clear();
            for (var i = 0; i < row.Length; i++)
            {
                command.Parameters.AddWithValue($"${i}", row[i]);
            }

            command.ExecuteNonQuery();
        }
    }
}
