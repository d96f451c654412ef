using Checkpointer.Store.Index;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace Checkpointer.Store.Migrations;

/// <summary>Generations that no policy removes, and those that verify found spoiled.</summary>
[DbContext(typeof(IndexContext))]
[Migration("20261122150000_Retention")]
internal sealed class Retention : Migration
{
    /// <inheritdoc/>
    protected override void Up(MigrationBuilder migrationBuilder)
    {
        migrationBuilder.AddColumn<bool>("is_pinned", "generations", "INTEGER", nullable: false, defaultValue: false);
        migrationBuilder.AddColumn<string>("note", "generations", "TEXT", nullable: false, defaultValue: "");
        migrationBuilder.AddColumn<bool>("is_damaged", "generations", "INTEGER", nullable: false, defaultValue: false);
    }
}
