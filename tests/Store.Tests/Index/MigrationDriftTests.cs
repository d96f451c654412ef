using System.Reflection;
using Checkpointer.Store.Index;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Migrations;

namespace Checkpointer.Store.Tests.Index;

/// <summary>The hand-written migrations lead to the schema of the model. Stands in for the model snapshot.</summary>
[Trait("kind", "unit")]
public sealed class MigrationDriftTests
{
    [Fact]
    public void Migrate_And_EnsureCreated_GiveTheSameSchema()
    {
        var migrated = Schema(context => context.Database.Migrate());
        var created = Schema(context => context.Database.EnsureCreated());

        Assert.Equal(created, migrated);
        Assert.Contains("table chunks, without row IDs: 1", created);
        Assert.Contains("column jobs.policy TEXT, not null: 1, default: '', key: 0", created);
        Assert.Contains("reference generations.job_id to jobs, on delete RESTRICT", created);
        Assert.Equal(2, created.Count(fact => fact.StartsWith("CREATE UNIQUE INDEX", StringComparison.Ordinal)));
    }

    [Fact]
    public void Migrate_OfAnOldIndex_KeepsItsJobs()
    {
        using var connection = new SqliteConnection("Data Source=:memory:");
        connection.Open();
        using var context = new IndexContext(IndexContext.OptionsFor(connection));
        context.Database.Migrate("20261122010000_Initial");
        context.Database.ExecuteSqlRaw("INSERT INTO jobs VALUES (1, 'md', 4711, 100, 'boot', 'lmp', 0, 1, 7)");

        SchemaCheck.Update(connection, () => new IndexContext(IndexContext.OptionsFor(connection)));

        var job = Assert.Single(context.Jobs);
        Assert.Equal(("md", 7L, null, ""), (job.Name, job.NextNumber, job.Cgroup, job.Policy));
    }

    [Fact]
    public void Known_ListsEveryMigration()
    {
        var compiled = typeof(IndexContext).Assembly.GetTypes()
            .Select(type => type.GetCustomAttribute<MigrationAttribute>()?.Id).OfType<string>().Order(StringComparer.Ordinal);

        Assert.Equal(compiled, SchemaCheck.Known);
    }

    private static List<string> Schema(Action<IndexContext> create)
    {
        using var connection = new SqliteConnection("Data Source=:memory:");
        connection.Open();
        using var context = new IndexContext(IndexContext.OptionsFor(connection));
        create(context);
        using var command = connection.CreateCommand();
        // Not the text of CREATE TABLE: a column that was added later stands elsewhere in it.
        command.CommandText =
            """
            WITH tables AS (SELECT name, wr FROM pragma_table_list WHERE type = 'table' AND name NOT LIKE '\_\_EF%' ESCAPE '\' AND name NOT LIKE 'sqlite%')
            SELECT 'table ' || name || ', without row IDs: ' || wr FROM tables
            UNION ALL
            SELECT 'column ' || t.name || '.' || c.name || ' ' || c.type || ', not null: ' || c."notnull" || ', default: ' || ifnull(c.dflt_value, 'none') || ', key: ' || c.pk
            FROM tables t, pragma_table_info(t.name) c
            UNION ALL
            SELECT 'reference ' || t.name || '.' || f."from" || ' to ' || f."table" || ', on delete ' || f.on_delete FROM tables t, pragma_foreign_key_list(t.name) f
            UNION ALL
            SELECT sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL
            ORDER BY 1
            """;
        using var reader = command.ExecuteReader();
        var facts = new List<string>();
        while (reader.Read())
        {
            facts.Add(reader.GetString(0));
        }

        return facts;
    }
}
