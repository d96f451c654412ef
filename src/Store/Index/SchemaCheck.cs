using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;

namespace Checkpointer.Store.Index;

/// <summary>
/// Compares the migrations that an index has seen with ours, by one raw query: building the EF Core model and running its migrator
/// takes some 400 ms, which a command line should not pay when there is nothing to do.
/// </summary>
internal static class SchemaCheck
{
    /// <summary>Ids of the migrations compiled in, ascending. Written out, because looking for them loads EF Core;
    /// MigrationDriftTests compares.</summary>
    public static IReadOnlyList<string> Known { get; } =
        [
            "20261122010000_Initial", "20261122130000_JobPolicy", "20261122150000_Retention", "20261122150100_Ledgers", "20261122150200_Proofs",
            "20261122170000_Events", "20261122200000_BadChunks",
        ];

    /// <summary>Applies missing migrations.</summary>
    /// <exception cref="StoreException">UnsupportedVersion: the index has a migration that we lack.</exception>
    public static void Update(SqliteConnection connection, Func<IndexContext> newContext)
    {
        var applied = Applied(connection);
        var unknown = applied.Except(Known).Max();
        if (unknown is not null)
        {
            throw new StoreException(
                StoreFailure.UnsupportedVersion, $"the index {connection.DataSource} has schema {unknown}; this program knows up to {Known[^1]}",
                "use the newer release that wrote it, or move index.db away to have it rebuilt");
        }

        if (applied.Count < Known.Count)
        {
            using var context = newContext();
            context.Database.Migrate();
        }
    }

    private static HashSet<string> Applied(SqliteConnection connection)
    {
        using var exists = connection.CreateCommand();
        exists.CommandText = "SELECT COUNT(*) FROM sqlite_master WHERE name = '__EFMigrationsHistory'";
        if ((long)exists.ExecuteScalar()! == 0)
        {
            return [];
        }

        using var command = connection.CreateCommand();
        command.CommandText = "SELECT MigrationId FROM __EFMigrationsHistory";
        using var reader = command.ExecuteReader();
        var applied = new HashSet<string>();
        while (reader.Read())
        {
            applied.Add(reader.GetString(0));
        }

        return applied;
    }
}
