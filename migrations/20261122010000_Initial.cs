using Checkpointer.Store.Index;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace Checkpointer.Store.Migrations;

/// <summary>Jobs, generations, packs and chunks.</summary>
[DbContext(typeof(IndexContext))]
[Migration("20261122010000_Initial")]
internal sealed class Initial : Migration
{
    /// <inheritdoc/>
    protected override void Up(MigrationBuilder migrationBuilder)
    {
        CreateJobs(migrationBuilder);
        CreateGenerations(migrationBuilder);
        CreatePacks(migrationBuilder);
        CreateChunks(migrationBuilder);
    }

    private static void CreateJobs(MigrationBuilder migration)
    {
        migration.CreateTable(
            "jobs",
            table => new
            {
                id = table.Column<long>("INTEGER", nullable: false).Annotation("Sqlite:Autoincrement", true),
                name = table.Column<string>("TEXT", nullable: false),
                pid = table.Column<int>("INTEGER", nullable: false),
                start_ticks = table.Column<long>("INTEGER", nullable: false),
                boot_id = table.Column<string>("TEXT", nullable: false),
                command = table.Column<string>("TEXT", nullable: false),
                registered_at = table.Column<long>("INTEGER", nullable: false),
                is_registered = table.Column<bool>("INTEGER", nullable: false),
                next_number = table.Column<long>("INTEGER", nullable: false),
            },
            constraints: table => table.PrimaryKey("PK_jobs", row => row.id));
        migration.CreateIndex("jobs_name", "jobs", "name", unique: true);
    }

    private static void CreateGenerations(MigrationBuilder migration)
        => migration.CreateTable(
            "generations",
            table => new
            {
                job_id = table.Column<long>("INTEGER", nullable: false),
                number = table.Column<long>("INTEGER", nullable: false),
                manifest = table.Column<byte[]>("BLOB", nullable: false),
                created_at = table.Column<long>("INTEGER", nullable: false),
                duration = table.Column<long>("INTEGER", nullable: false),
                new_bytes = table.Column<long>("INTEGER", nullable: false),
                kind = table.Column<string>("TEXT", nullable: false),
                tracker = table.Column<string>("TEXT", nullable: false),
                capture = table.Column<string>("TEXT", nullable: false),
                freeze_us = table.Column<long>("INTEGER", nullable: false),
                processes = table.Column<int>("INTEGER", nullable: false),
                threads = table.Column<int>("INTEGER", nullable: false),
                populated_bytes = table.Column<long>("INTEGER", nullable: false),
                dirty_bytes = table.Column<long>("INTEGER", nullable: false),
            },
            constraints: table =>
            {
                table.PrimaryKey("PK_generations", row => new { row.job_id, row.number });
                table.ForeignKey("generations_job", row => row.job_id, "jobs", "id", onDelete: ReferentialAction.Restrict);
            });

    private static void CreatePacks(MigrationBuilder migration)
    {
        migration.CreateTable(
            "packs",
            table => new
            {
                id = table.Column<long>("INTEGER", nullable: false).Annotation("Sqlite:Autoincrement", true),
                pack_id = table.Column<byte[]>("BLOB", nullable: false),
                bytes = table.Column<long>("INTEGER", nullable: false),
                chunks = table.Column<int>("INTEGER", nullable: false),
                trailer_hash = table.Column<byte[]>("BLOB", nullable: false),
            },
            constraints: table => table.PrimaryKey("PK_packs", row => row.id));
        migration.CreateIndex("packs_pack_id", "packs", "pack_id", unique: true);
    }

    private static void CreateChunks(MigrationBuilder migration)
        => migration.CreateTable(
            "chunks",
            table => new
            {
                chunk_id = table.Column<byte[]>("BLOB", nullable: false),
                pack = table.Column<long>("INTEGER", nullable: false),
                offset = table.Column<long>("INTEGER", nullable: false),
                stored_bytes = table.Column<int>("INTEGER", nullable: false),
                plain_bytes = table.Column<int>("INTEGER", nullable: false),
                kind = table.Column<byte>("INTEGER", nullable: false),
                codec = table.Column<byte>("INTEGER", nullable: false),
            },
            constraints: table => table.PrimaryKey("PK_chunks", row => row.chunk_id));
}
