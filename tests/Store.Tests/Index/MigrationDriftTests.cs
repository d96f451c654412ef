using System.Reflection;
using Checkpointer.Store.Index;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace Checkpointer.Store.Tests.Index;

/// <summary>The hand-written migrations lead to the schema of the model, and so does the script for a new index. Stands in for the model snapshot.</summary>
[Trait("kind", "unit")]
public sealed class MigrationDriftTests
{
    [Fact]
    public void Migrate_And_EnsureCreated_GiveTheSameSchema()
    {
        var migrated = FactsOf(connection => ContextOn(connection).Database.Migrate());
        var created = FactsOf(connection => ContextOn(connection).Database.EnsureCreated());

        Assert.Equal(created, migrated);
        Assert.Contains("table chunks, without row IDs: 1", created);
        Assert.Contains("column jobs.policy TEXT, not null: 1, default: '', key: 0", created);
        Assert.Contains("reference generations.job_id to jobs, on delete RESTRICT", created);
        Assert.Equal(2, created.Count(fact => fact.StartsWith("CREATE UNIQUE INDEX", StringComparison.Ordinal)));
    }

    [Fact]
    public void Script_SaysWhatTheMigrationsDo()
    {
        using var connection = NewConnection();
        var script = ContextOn(connection).GetService<IMigrator>().GenerateScript(options: MigrationsSqlGenerationOptions.NoTransactions);

        Assert.True(script.Trim() == Schema.Text().Trim(), $"a migration was added or changed: write this to migrations/schema.sql:\n{script}");
    }

    [Fact]
    public void Update_OfAnEmptyIndex_GivesTheSchemaOfTheMigrations()
    {
        var migrated = FactsOf(connection => ContextOn(connection).Database.Migrate());
        var updated = FactsOf(Schema.Update);

        Assert.Equal(migrated, updated);
    }

    [Fact]
    public void Migrate_AfterUpdateOfAnEmptyIndex_FindsNothingToDo()
    {
        using var connection = NewConnection();

        Schema.Update(connection);

        Assert.Empty(ContextOn(connection).Database.GetPendingMigrations());
        Schema.Update(connection);
        ContextOn(connection).Database.Migrate();
    }

    [Fact]
    public void Migrate_OfAnOldIndex_KeepsItsJobs()
    {
        using var connection = NewConnection();
        using var context = ContextOn(connection);
        context.Database.Migrate("20261122010000_Initial");
        context.Database.ExecuteSqlRaw("INSERT INTO jobs VALUES (1, 'md', 4711, 100, 'boot', 'lmp', 0, 1, 7)");

        Schema.Update(connection);

        var job = Assert.Single(context.Jobs);
        Assert.Equal(("md", 7L, null, ""), (job.Name, job.NextNumber, job.Cgroup, job.Policy));
    }

    [Fact]
    public void Known_ListsEveryMigration()
    {
        var compiled = typeof(IndexContext).Assembly.GetTypes()
            .Select(type => type.GetCustomAttribute<MigrationAttribute>()?.Id).OfType<string>().Order(StringComparer.Ordinal);

        Assert.Equal(compiled, Schema.Known);
    }

    private static SqliteConnection NewConnection()
    {
        var connection = new SqliteConnection("Data Source=:memory:");
        connection.Open();
        return connection;
    }

    private static IndexContext ContextOn(SqliteConnection connection) => new(IndexContext.OptionsFor(connection));

    private static List<string> FactsOf(Action<SqliteConnection> create)
    {
        using var connection = NewConnection();
        create(connection);
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
