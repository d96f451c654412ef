using Microsoft.Data.Sqlite;

namespace Checkpointer.Store.Index;

/// <summary>Sums over the index.</summary>
internal sealed class StatisticsQuery(IndexDatabase index)
{
    /// <summary>Growth is of so much time: long enough for a week's rhythm, short enough to notice a change.</summary>
    private static readonly TimeSpan _growthSpan = TimeSpan.FromDays(7);

    /// <summary>What less time says of a day is noise.</summary>
    private static readonly TimeSpan _growthSpanMin = TimeSpan.FromHours(1);

    /// <summary>Sums; the sizes of the index itself and of the file system are the caller's to know.</summary>
    public StoreStatistics Run(long indexBytes, long freeBytes, DateTimeOffset now)
        => index.Run(connection =>
        {
            var jobs = PerJob(connection, now);
            using var command = connection.CreateCommand();
            command.CommandText =
                """
                SELECT (SELECT COUNT(*) FROM packs), (SELECT COALESCE(SUM(bytes), 0) FROM packs), COUNT(*), COALESCE(SUM(plain_bytes), 0)
                FROM chunks
                """;
            using var reader = command.ExecuteReader();
            reader.Read();
            return new StoreStatistics(
                jobs.Count, jobs.Sum(job => job.Generations), reader.GetInt32(0), reader.GetInt64(2),
                jobs.Sum(job => job.LogicalBytes), reader.GetInt64(3), reader.GetInt64(1), indexBytes, jobs, freeBytes,
                jobs.Sum(job => job.GrowthBytesPerDay) is var growth && jobs.Any(job => job.GrowthBytesPerDay is not null) ? growth : null);
        });

    private static List<JobStatistics> PerJob(SqliteConnection connection, DateTimeOffset now)
    {
        using var command = connection.CreateCommand();
        command.CommandText =
            """
            WITH first AS (SELECT job_id, MIN(number) AS number FROM generations GROUP BY job_id)
            SELECT j.name, COUNT(g.number), COALESCE(SUM(g.populated_bytes), 0), COALESCE(SUM(g.new_bytes), 0),
                MIN(g.created_at) FILTER (WHERE g.created_at >= $since),
                SUM(g.new_bytes) FILTER (WHERE g.created_at >= $since AND g.number <> f.number)
            FROM jobs j LEFT JOIN generations g ON g.job_id = j.id LEFT JOIN first f ON f.job_id = j.id
            GROUP BY j.id HAVING j.is_registered OR COUNT(g.number) > 0 ORDER BY j.name
            """;
        command.Parameters.AddWithValue("$since", Instant.ToMicroseconds(now - _growthSpan));
        using var reader = command.ExecuteReader();
        var jobs = new List<JobStatistics>();
        while (reader.Read())
        {
            jobs.Add(new JobStatistics(reader.GetString(0), reader.GetInt32(1), reader.GetInt64(2), reader.GetInt64(3), GrowthPerDay(reader, now)));
        }

        return jobs;
    }

    // The first generation of a job holds all that it began with, which says nothing of what comes.
    private static long? GrowthPerDay(SqliteDataReader reader, DateTimeOffset now)
    {
        if (reader.IsDBNull(4) || reader.IsDBNull(5))
        {
            return null;
        }

        var span = now - Instant.FromMicroseconds(reader.GetInt64(4));
        return span >= _growthSpanMin ? (long)Math.Min(long.MaxValue / 1024.0, reader.GetInt64(5) / span.TotalDays) : null;
    }
}
