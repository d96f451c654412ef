using Checkpointer.Store.Index;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace Checkpointer.Store.Migrations;

/// <summary>When each pack was last proved good.</summary>
[DbContext(typeof(IndexContext))]
[Migration("20261122150200_Proofs")]
internal sealed class Proofs : Migration
{
    /// <inheritdoc/>
    protected override void Up(MigrationBuilder migrationBuilder)
        => migrationBuilder.AddColumn<long>("proved_at", "packs", "INTEGER", nullable: true);
}
