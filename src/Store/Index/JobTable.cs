using Microsoft.Data.Sqlite;

namespace Checkpointer.Store.Index;

/// <summary>
/// Reads and changes jobs, by plain SQL: the first query of an EF Core context costs a process 0.4 s of model building and JIT, plain SQL 10 ms (measured).
///</summary>
internal sealed class JobTable(IndexDatabase index)
{
    private const string Columns = "name, pid, start_ticks, boot_id, command, registered_at, is_registered, cgroup, policy, is_paused, outcome, owner";

    /// <summary>Registered jobs and those that have generations, by name.</summary>
    public IReadOnlyList<JobRecord> All()
        => index.Run(connection =>
        {
            using var command = connection.CreateCommand();
            command.CommandText =
                $"""
                SELECT {Columns} FROM jobs
                WHERE is_registered OR EXISTS (SELECT 1 FROM generations WHERE job_id = jobs.id) ORDER BY name
                """;
            return Read(command);
        });

    /// <summary>One job.</summary>
    /// <exception cref="StoreException">NotFound.</exception>
    public JobRecord Get(string name)
        => index.Run(connection =>
        {
            using var command = connection.CreateCommand();
            command.CommandText = $"SELECT {Columns} FROM jobs WHERE name = $name";
            command.Parameters.AddWithValue("$name", name);
            return Read(command) is [var job] ? job : throw NotFound(name);
        });

    /// <summary>Adds a job, or takes an unregistered one up again.</summary>
    /// <exception cref="StoreException">AlreadyExists.</exception>
    public void Register(JobRecord record)
        => index.Run(connection =>
        {
            using var command = connection.CreateCommand();
            command.CommandText =
                """
                INSERT INTO jobs (name, pid, start_ticks, boot_id, command, registered_at, is_registered, next_number, cgroup, policy, is_paused, outcome, owner)
                VALUES ($name, $pid, $ticks, $boot, $command, $at, $registered, 1, $cgroup, $policy, $paused, $outcome, $owner)
                ON CONFLICT (name) DO UPDATE SET
                    pid = excluded.pid, start_ticks = excluded.start_ticks, boot_id = excluded.boot_id, command = excluded.command,
                    registered_at = excluded.registered_at, is_registered = excluded.is_registered, cgroup = excluded.cgroup,
                    policy = excluded.policy, is_paused = excluded.is_paused, outcome = excluded.outcome, owner = excluded.owner
                WHERE NOT jobs.is_registered
                """;
            command.Parameters.AddWithValue("$name", record.Name);
            command.Parameters.AddWithValue("$pid", record.Pid);
            command.Parameters.AddWithValue("$ticks", unchecked((long)record.StartTicks));
            command.Parameters.AddWithValue("$boot", record.BootId);
            command.Parameters.AddWithValue("$command", record.Command);
            command.Parameters.AddWithValue("$at", Instant.ToMicroseconds(record.RegisteredAt));
            command.Parameters.AddWithValue("$registered", record.IsRegistered);
            command.Parameters.AddWithValue("$cgroup", record.Cgroup ?? (object)DBNull.Value);
            command.Parameters.AddWithValue("$policy", record.Policy);
            command.Parameters.AddWithValue("$paused", record.IsPaused);
            command.Parameters.AddWithValue("$outcome", record.Outcome);
            command.Parameters.AddWithValue("$owner", record.Owner ?? (object)DBNull.Value);
            return command.ExecuteNonQuery() == 1
                ? true
                : throw new StoreException(StoreFailure.AlreadyExists, $"a job named '{record.Name}' is registered already", "choose another name, or unregister it first");
        });

    /// <summary>Ends the registration.</summary>
    /// <exception cref="StoreException">NotFound.</exception>
    public void Unregister(string name) => Change(
        name, 0, command => command.CommandText = "UPDATE jobs SET is_registered = $value WHERE name = $name");

    /// <summary>Suspends a job, or goes on with it.</summary>
    /// <exception cref="StoreException">NotFound.</exception>
    public void SetPaused(string name, bool isPaused) => Change(
        name, isPaused ? 1 : 0, command => command.CommandText = "UPDATE jobs SET is_paused = $value WHERE name = $name");

    /// <summary>Says how a job ended for good.</summary>
    /// <exception cref="StoreException">NotFound.</exception>
    public void SetOutcome(string name, string outcome) => Change(
        name, outcome, command => command.CommandText = "UPDATE jobs SET outcome = $value WHERE name = $name");

    /// <summary>Replaces the policy.</summary>
    /// <exception cref="StoreException">NotFound.</exception>
    public void SetPolicy(string name, string policy) => Change(
        name, policy, command => command.CommandText = "UPDATE jobs SET policy = $value WHERE name = $name");

    /// <summary>Replaces the process facts, of a job that runs therefore.</summary>
    /// <exception cref="StoreException">NotFound.</exception>
    public void UpdateProcess(string name, int pid, ulong startTicks, string bootId)
        => index.Run(connection =>
        {
            using var command = connection.CreateCommand();
            command.CommandText = "UPDATE jobs SET pid = $pid, start_ticks = $ticks, boot_id = $boot, outcome = '' WHERE name = $name";
            command.Parameters.AddWithValue("$name", name);
            command.Parameters.AddWithValue("$pid", pid);
            command.Parameters.AddWithValue("$ticks", unchecked((long)startTicks));
            command.Parameters.AddWithValue("$boot", bootId);
            return command.ExecuteNonQuery() == 1 ? true : throw NotFound(name);
        });

    /// <summary>Takes the next generation number of a job; it is spent even if the generation is never committed.</summary>
    /// <exception cref="StoreException">NotFound.</exception>
    public long TakeNumber(string name)
        => index.Run(connection =>
        {
            using var command = connection.CreateCommand();
            command.CommandText = "UPDATE jobs SET next_number = next_number + 1 WHERE name = $name RETURNING next_number - 1";
            command.Parameters.AddWithValue("$name", name);
            return command.ExecuteScalar() is long number ? number : throw NotFound(name);
        });

    /// <summary>The number that each job's next generation gets, also of jobs without registration or generations.</summary>
    public IReadOnlyList<(string Job, long Number)> NextNumbers()
        => index.Run(connection =>
        {
            using var command = connection.CreateCommand();
            command.CommandText = "SELECT name, next_number FROM jobs";
            using var reader = command.ExecuteReader();
            var numbers = new List<(string, long)>();
            while (reader.Read())
            {
                numbers.Add((reader.GetString(0), reader.GetInt64(1)));
            }

            return numbers;
        });

    /// <summary>Makes sure that numbers are not given again. A job that is not known is remembered for its number only.</summary>
    public void RaiseNumbers(IEnumerable<KeyValuePair<string, long>> numbers)
        => index.Run(connection =>
        {
            using var transaction = connection.BeginTransaction();
            using var command = connection.CreateCommand();
            command.Transaction = transaction;
            command.CommandText =
                """
                INSERT INTO jobs (name, pid, start_ticks, boot_id, command, registered_at, is_registered, next_number, policy)
                VALUES ($name, 0, 0, '', '', 0, 0, $next, '')
                ON CONFLICT (name) DO UPDATE SET next_number = MAX(next_number, excluded.next_number)
                """;
            foreach (var (name, next) in numbers)
            {
                command.Parameters.Clear();
                command.Parameters.AddWithValue("$name", name);
                command.Parameters.AddWithValue("$next", next);
                command.ExecuteNonQuery();
            }

            transaction.Commit();
            return true;
        });

    private void Change(string name, object value, Action<SqliteCommand> setText)
        => index.Run(connection =>
        {
            using var command = connection.CreateCommand();
            setText(command);
            command.Parameters.AddWithValue("$name", name);
            command.Parameters.AddWithValue("$value", value);
            return command.ExecuteNonQuery() == 1 ? true : throw NotFound(name);
        });

    private static StoreException NotFound(string name)
        => new(StoreFailure.NotFound, $"there is no job named '{name}'", "'checkpointer jobs' lists them");

    private static List<JobRecord> Read(SqliteCommand command)
    {
        using var reader = command.ExecuteReader();
        var jobs = new List<JobRecord>();
        while (reader.Read())
        {
            jobs.Add(new JobRecord(
                reader.GetString(0), reader.GetInt32(1), unchecked((ulong)reader.GetInt64(2)), reader.GetString(3), reader.GetString(4),
                Instant.FromMicroseconds(reader.GetInt64(5)), reader.GetBoolean(6),
                reader.IsDBNull(7) ? null : reader.GetString(7), reader.GetString(8), reader.GetBoolean(9), reader.GetString(10),
                reader.IsDBNull(11) ? null : reader.GetInt64(11)));
        }

        return jobs;
    }
}
