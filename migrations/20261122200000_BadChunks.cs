using Checkpointer.Store.Index;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace Checkpointer.Store.Migrations;

/// <summary>Chunks that were found bad where the index places them: no dump may count on them.</summary>
[DbContext(typeof(IndexContext))]
[Migration("20261122200000_BadChunks")]
internal sealed class BadChunks : Migration
{
    /// <inheritdoc/>
    protected override void Up(MigrationBuilder migrationBuilder)
        => migrationBuilder.CreateTable(
            "bad_chunks",
            table => new
            {
                chunk_id = table.Column<byte[]>("BLOB", nullable: false),
                pack = table.Column<long>("INTEGER", nullable: false),
            },
            constraints: table => table.PrimaryKey("PK_bad_chunks", row => row.chunk_id));
}
