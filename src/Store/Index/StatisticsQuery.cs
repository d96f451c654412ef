using Microsoft.Data.Sqlite;

namespace Checkpointer.Store.Index;

/// <summary>Sums over the index.</summary>
internal sealed class StatisticsQuery(IndexDatabase index)
{
    /// <summary>Sums; the size of the index itself is the caller's to know.</summary>
    public StoreStatistics Run(long indexBytes)
        => index.Run(connection =>
        {
            var jobs = PerJob(connection);
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
                jobs.Sum(job => job.LogicalBytes), reader.GetInt64(3), reader.GetInt64(1), indexBytes, jobs);
        });

    private static List<JobStatistics> PerJob(SqliteConnection connection)
    {
        using var command = connection.CreateCommand();
        command.CommandText =
            """
            SELECT j.name, COUNT(g.number), COALESCE(SUM(g.populated_bytes), 0), COALESCE(SUM(g.new_bytes), 0)
            FROM jobs j LEFT JOIN generations g ON g.job_id = j.id
            GROUP BY j.id HAVING j.is_registered OR COUNT(g.number) > 0 ORDER BY j.name
            """;
        using var reader = command.ExecuteReader();
        var jobs = new List<JobStatistics>();
        while (reader.Read())
        {
            jobs.Add(new JobStatistics(reader.GetString(0), reader.GetInt32(1), reader.GetInt64(2), reader.GetInt64(3)));
        }

        return jobs;
    }
}
