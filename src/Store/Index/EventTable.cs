using Microsoft.Data.Sqlite;

namespace Checkpointer.Store.Index;

/// <summary>What happened to jobs: written by every dump and recovery of a service, so plain SQL.</summary>
internal sealed class EventTable(IndexDatabase index)
{
    /// <summary>Events of a job that are kept. Of a job that is dumped every minute these are the last days; a thousand rows are 100 KiB.</summary>
    public const int EventsMax = 5000;

    /// <summary>Adds one, and drops the oldest where there are too many. A job that does not exist has none.</summary>
    public void Add(JobEvent happened)
        => index.Run(connection =>
        {
            using var command = connection.CreateCommand();
            command.CommandText =
                """
                INSERT INTO events (job_id, at, kind, generation, pid, exit_code, signal, detail)
                SELECT id, $at, $kind, $generation, $pid, $code, $signal, $detail FROM jobs WHERE name = $job;
                DELETE FROM events WHERE job_id = (SELECT id FROM jobs WHERE name = $job)
                    AND id <= (SELECT id FROM events WHERE job_id = (SELECT id FROM jobs WHERE name = $job) ORDER BY id DESC LIMIT 1 OFFSET $max);
                """;
            command.Parameters.AddWithValue("$job", happened.Job);
            command.Parameters.AddWithValue("$at", Instant.ToMicroseconds(happened.At));
            command.Parameters.AddWithValue("$kind", happened.Kind);
            command.Parameters.AddWithValue("$generation", OrNull(happened.Generation));
            command.Parameters.AddWithValue("$pid", OrNull(happened.Pid));
            command.Parameters.AddWithValue("$code", OrNull(happened.ExitCode));
            command.Parameters.AddWithValue("$signal", OrNull(happened.Signal));
            command.Parameters.AddWithValue("$detail", happened.Detail);
            command.Parameters.AddWithValue("$max", EventsMax);
            return command.ExecuteNonQuery();
        });

    /// <summary>The newest events of a job, the oldest of them first.</summary>
    public IReadOnlyList<JobEvent> Of(string job, int count)
        => index.Run(connection =>
        {
            using var command = connection.CreateCommand();
            command.CommandText =
                """
                SELECT at, kind, generation, pid, exit_code, signal, detail FROM events
                WHERE job_id = (SELECT id FROM jobs WHERE name = $job) ORDER BY id DESC LIMIT $count
                """;
            command.Parameters.AddWithValue("$job", job);
            command.Parameters.AddWithValue("$count", count);
            using var reader = command.ExecuteReader();
            var events = new List<JobEvent>();
            while (reader.Read())
            {
                events.Add(Read(reader, job));
            }

            events.Reverse();
            return events;
        });

    private static JobEvent Read(SqliteDataReader reader, string job)
        => new(job, Instant.FromMicroseconds(reader.GetInt64(0)), reader.GetString(1), reader.GetString(6))
        {
            Generation = reader.IsDBNull(2) ? null : reader.GetInt64(2),
            Pid = reader.IsDBNull(3) ? null : reader.GetInt32(3),
            ExitCode = reader.IsDBNull(4) ? null : reader.GetInt32(4),
            Signal = reader.IsDBNull(5) ? null : reader.GetInt32(5),
        };

    private static object OrNull(long? value) => value is { } number ? number : DBNull.Value;
}
