using Checkpointer.Store.Index;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace Checkpointer.Store.Migrations;

/// <summary>What happened to jobs, whether they are paused, how they ended, and whose they are.</summary>
[DbContext(typeof(IndexContext))]
[Migration("20261122170000_Events")]
internal sealed class Events : Migration
{
    /// <inheritdoc/>
    protected override void Up(MigrationBuilder migrationBuilder)
    {
        migrationBuilder.AddColumn<bool>("is_paused", "jobs", "INTEGER", nullable: false, defaultValue: false);
        migrationBuilder.AddColumn<string>("outcome", "jobs", "TEXT", nullable: false, defaultValue: "");
        migrationBuilder.AddColumn<long>("owner", "jobs", "INTEGER", nullable: true);
        migrationBuilder.CreateTable(
            "events",
            table => new
            {
                id = table.Column<long>("INTEGER", nullable: false).Annotation("Sqlite:Autoincrement", true),
                job_id = table.Column<long>("INTEGER", nullable: false),
                at = table.Column<long>("INTEGER", nullable: false),
                kind = table.Column<string>("TEXT", nullable: false),
                generation = table.Column<long>("INTEGER", nullable: true),
                pid = table.Column<int>("INTEGER", nullable: true),
                exit_code = table.Column<int>("INTEGER", nullable: true),
                signal = table.Column<int>("INTEGER", nullable: true),
                detail = table.Column<string>("TEXT", nullable: false),
            },
            constraints: table =>
            {
                table.PrimaryKey("PK_events", row => row.id);
                table.ForeignKey("events_job_id", row => row.job_id, "jobs", "id", onDelete: ReferentialAction.Cascade);
            });
        migrationBuilder.CreateIndex("events_job", "events", ["job_id", "id"]);
    }
}
