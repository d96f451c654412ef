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
        Assert.Contains(created, sql => sql.Contains("WITHOUT ROWID", StringComparison.Ordinal));
        Assert.Equal(6, created.Count);
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
        command.CommandText =
            "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE '\\_\\_EF%' ESCAPE '\\' AND name NOT LIKE 'sqlite%' ORDER BY type, name";
        using var reader = command.ExecuteReader();
        var statements = new List<string>();
        while (reader.Read())
        {
            statements.Add(reader.GetString(0));
        }

        return statements;
    }
}
