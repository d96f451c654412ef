using Checkpointer.Store.Chunking;
using Microsoft.Data.Sqlite;

namespace Checkpointer.Store.Index;

/// <summary>Reads committed generations, by plain SQL for the reason that <see cref="JobTable"/> gives.</summary>
internal sealed class GenerationTable(IndexDatabase index)
{
    private const string Select =
        """
        SELECT j.name, g.number, g.manifest, g.created_at, g.duration, g.new_bytes, g.kind, g.tracker, g.capture, g.freeze_us,
            g.processes, g.threads, g.populated_bytes, g.dirty_bytes, g.is_pinned, g.note, g.is_damaged
        FROM generations g JOIN jobs j ON j.id = g.job_id
        """;

    /// <summary>Generations of a job, oldest first.</summary>
    public IReadOnlyList<GenerationRow> Of(string job) => Query($"{Select} WHERE j.name = $job ORDER BY g.number", job, 0);

    /// <summary>Generations of all jobs, by job, oldest first.</summary>
    public IReadOnlyList<GenerationRow> All() => Query($"{Select} ORDER BY j.name, g.number", "", 0);

    /// <summary>One generation, or null.</summary>
    public GenerationRow? Find(GenerationName name)
        => Query($"{Select} WHERE j.name = $job AND g.number = $number", name.Job, name.Number) is [var row] ? row : null;

    /// <summary>One generation.</summary>
    /// <exception cref="StoreException">NotFound.</exception>
    public GenerationRow Get(GenerationName name)
        => Find(name) ?? throw NotFound(name);

    /// <summary>What is said of a generation that does not exist.</summary>
    public static StoreException NotFound(GenerationName name)
        => new(StoreFailure.NotFound, $"there is no generation {name}", $"'checkpointer generations {name.Job}' lists them");

    private List<GenerationRow> Query(string sql, string job, long number)
        => index.Run(connection =>
        {
            using var command = connection.CreateCommand();
#pragma warning disable CA2100 // the texts are constants of this class
            command.CommandText = sql;
#pragma warning restore CA2100
            command.Parameters.AddWithValue("$job", job);
            command.Parameters.AddWithValue("$number", number);
            using var reader = command.ExecuteReader();
            var rows = new List<GenerationRow>();
            while (reader.Read())
            {
                rows.Add(ReadRow(reader));
            }

            return rows;
        });

    private static GenerationRow ReadRow(SqliteDataReader reader)
        => new(
            new GenerationRecord(
                new GenerationName(reader.GetString(0), reader.GetInt64(1)), Instant.FromMicroseconds(reader.GetInt64(3)),
                TimeSpan.FromMicroseconds(reader.GetInt64(4)), reader.GetInt64(5),
                new GenerationSummary(
                    reader.GetString(6), reader.GetString(7), reader.GetString(8), reader.GetInt64(9), reader.GetInt32(10),
                    reader.GetInt32(11), reader.GetInt64(12), reader.GetInt64(13)),
                reader.GetBoolean(14), reader.GetString(15), reader.GetBoolean(16)),
            new ChunkId(reader.GetFieldValue<byte[]>(2)));
}
