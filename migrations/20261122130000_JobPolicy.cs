using Checkpointer.Store.Index;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace Checkpointer.Store.Migrations;

/// <summary>Jobs that are cgroups, and what is to be done with a job.</summary>
[DbContext(typeof(IndexContext))]
[Migration("20261122130000_JobPolicy")]
internal sealed class JobPolicy : Migration
{
    /// <inheritdoc/>
    protected override void Up(MigrationBuilder migrationBuilder)
    {
        migrationBuilder.AddColumn<string>("cgroup", "jobs", "TEXT", nullable: true);
        migrationBuilder.AddColumn<string>("policy", "jobs", "TEXT", nullable: false, defaultValue: "");
    }
}
