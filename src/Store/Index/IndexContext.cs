using Checkpointer.Store.Index.Entities;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.EntityFrameworkCore.Migrations;

namespace Checkpointer.Store.Index;

/// <summary>The tables of the index for EF Core, which migrates an older index. Queries are plain SQL, for the reason that <see cref="JobTable"/> gives.</summary>
internal sealed class IndexContext(DbContextOptions<IndexContext> options) : DbContext(options)
{
    public DbSet<JobEntity> Jobs => Set<JobEntity>();

    /// <summary>Options for contexts on an open connection, which stays the caller's.</summary>
    public static DbContextOptions<IndexContext> OptionsFor(SqliteConnection connection)
        => new DbContextOptionsBuilder<IndexContext>()
            .UseSqlite(connection)
            .UseQueryTrackingBehavior(QueryTrackingBehavior.NoTracking)
            .ReplaceService<IMigrationsSqlGenerator, IndexSqlGenerator>()
            // There is no model snapshot; MigrationDriftTests stands in for this check.
            .ConfigureWarnings(warnings => warnings.Ignore(RelationalEventId.PendingModelChangesWarning))
            .Options;

    /// <inheritdoc/>
    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        var configurations = new EntityConfigurations();
        modelBuilder.ApplyConfiguration<JobEntity>(configurations);
        modelBuilder.ApplyConfiguration<GenerationEntity>(configurations);
        modelBuilder.ApplyConfiguration<PackEntity>(configurations);
        modelBuilder.ApplyConfiguration<ChunkEntity>(configurations);
        modelBuilder.ApplyConfiguration<EventEntity>(configurations);
        modelBuilder.ApplyConfiguration<BadChunkEntity>(configurations);
    }
}
