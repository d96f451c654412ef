using System.Reflection;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;

namespace Checkpointer.Store.Index;

/// <summary>
/// Gives an index the tables that this program knows. What there is to do is told by one raw query, and an index without tables gets them from <c>migrations/schema.sql</c>, which says what all
/// migrations together do: building the EF Core model and running its migrator takes some 400 ms, which only an older index has to pay.
/// </summary>
internal static class Schema
{
    /// <summary>Ids of the migrations compiled in, ascending. Written out, because looking for them loads EF Core;
    /// MigrationDriftTests compares.</summary>
    public static IReadOnlyList<string> Known { get; } =
        [
            "20261122010000_Initial", "20261122130000_JobPolicy", "20261122150000_Retention", "20261122150100_Ledgers", "20261122150200_Proofs",
            "20261122170000_Events", "20261122200000_BadChunks",
        ];

    /// <summary>Makes all tables where there are none, or applies missing migrations.</summary>
    /// <exception cref="StoreException">UnsupportedVersion: the index has a migration that we lack.</exception>
    public static void Update(SqliteConnection connection)
    {
        if (Applied(connection) is not { } applied)
        {
            Create(connection);
            return;
        }

        var unknown = applied.Except(Known).Max();
        if (unknown is not null)
        {
            throw new StoreException(
                StoreFailure.UnsupportedVersion, $"the index {connection.DataSource} has schema {unknown}; this program knows up to {Known[^1]}",
                "use the newer release that wrote it, or move index.db away to have it rebuilt");
        }

        if (applied.Count < Known.Count)
        {
            Migrate(connection);
        }
    }

    /// <summary>The statements that make all tables.</summary>
    public static string Text()
    {
        using var text = new StreamReader(Assembly.GetExecutingAssembly().GetManifestResourceStream("schema.sql")!);
        return text.ReadToEnd();
    }

    private static void Create(SqliteConnection connection)
    {
        using var transaction = connection.BeginTransaction(deferred: false);
        if (Applied(connection) is null) // else another process was faster
        {
            using var command = connection.CreateCommand();
#pragma warning disable CA2100 // the text is a part of this program
            command.CommandText = Text();
#pragma warning restore CA2100
            command.ExecuteNonQuery();
        }

        transaction.Commit();
    }

    private static void Migrate(SqliteConnection connection)
    {
        using var context = new IndexContext(IndexContext.OptionsFor(connection));
        context.Database.Migrate();
    }

    /// <summary>Migrations that the index has seen; null where there is no table at all.</summary>
    private static HashSet<string>? Applied(SqliteConnection connection)
    {
        using var command = connection.CreateCommand();
        command.CommandText = "SELECT COUNT(*), COUNT(CASE name WHEN '__EFMigrationsHistory' THEN 1 END) FROM sqlite_master";
        using (var counts = command.ExecuteReader())
        {
            counts.Read();
            if (counts.GetInt64(1) == 0)
            {
                return counts.GetInt64(0) == 0 ? null : [];
            }
        }

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
