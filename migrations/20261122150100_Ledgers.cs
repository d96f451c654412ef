using Checkpointer.Store.Index;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace Checkpointer.Store.Migrations;

/// <summary>Packs that hold what a collection of garbage tells a rebuild.</summary>
[DbContext(typeof(IndexContext))]
[Migration("20261122150100_Ledgers")]
internal sealed class Ledgers : Migration
{
    /// <inheritdoc/>
    protected override void Up(MigrationBuilder migrationBuilder)
        => migrationBuilder.AddColumn<bool>("is_ledger", "packs", "INTEGER", nullable: false, defaultValue: false);
}
