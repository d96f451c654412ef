using Checkpointer.Store.Index.Entities;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Checkpointer.Store.Index;

/// <summary>Tables and columns of the index. The migrations say the same; MigrationDriftTests compares.</summary>
internal sealed class EntityConfigurations
    : IEntityTypeConfiguration<JobEntity>, IEntityTypeConfiguration<GenerationEntity>, IEntityTypeConfiguration<PackEntity>,
        IEntityTypeConfiguration<ChunkEntity>, IEntityTypeConfiguration<EventEntity>, IEntityTypeConfiguration<BadChunkEntity>
{
    /// <inheritdoc/>
    public void Configure(EntityTypeBuilder<JobEntity> builder)
    {
        builder.ToTable("jobs").HasKey(job => job.Id);
        builder.Property(job => job.Id).HasColumnName("id");
        builder.Property(job => job.Name).HasColumnName("name");
        builder.Property(job => job.Pid).HasColumnName("pid");
        builder.Property(job => job.StartTicks).HasColumnName("start_ticks");
        builder.Property(job => job.BootId).HasColumnName("boot_id");
        builder.Property(job => job.Command).HasColumnName("command");
        builder.Property(job => job.RegisteredAt).HasColumnName("registered_at");
        builder.Property(job => job.IsRegistered).HasColumnName("is_registered");
        builder.Property(job => job.NextNumber).HasColumnName("next_number");
        builder.Property(job => job.Cgroup).HasColumnName("cgroup");
        builder.Property(job => job.Policy).HasColumnName("policy").HasDefaultValue("");
        builder.Property(job => job.IsPaused).HasColumnName("is_paused").HasDefaultValue(false);
        builder.Property(job => job.Outcome).HasColumnName("outcome").HasDefaultValue("");
        builder.Property(job => job.Owner).HasColumnName("owner");
        builder.HasIndex(job => job.Name).IsUnique().HasDatabaseName("jobs_name");
    }

    /// <inheritdoc/>
    public void Configure(EntityTypeBuilder<GenerationEntity> builder)
    {
        builder.ToTable("generations").HasKey(generation => new { generation.JobId, generation.Number });
        builder.Property(generation => generation.JobId).HasColumnName("job_id");
        builder.Property(generation => generation.Number).HasColumnName("number");
        builder.Property(generation => generation.Manifest).HasColumnName("manifest");
        builder.Property(generation => generation.CreatedAt).HasColumnName("created_at");
        builder.Property(generation => generation.Duration).HasColumnName("duration");
        builder.Property(generation => generation.NewBytes).HasColumnName("new_bytes");
        builder.Property(generation => generation.Kind).HasColumnName("kind");
        builder.Property(generation => generation.Tracker).HasColumnName("tracker");
        builder.Property(generation => generation.Capture).HasColumnName("capture");
        builder.Property(generation => generation.FreezeMicroseconds).HasColumnName("freeze_us");
        builder.Property(generation => generation.Processes).HasColumnName("processes");
        builder.Property(generation => generation.Threads).HasColumnName("threads");
        builder.Property(generation => generation.PopulatedBytes).HasColumnName("populated_bytes");
        builder.Property(generation => generation.DirtyBytes).HasColumnName("dirty_bytes");
        builder.Property(generation => generation.IsPinned).HasColumnName("is_pinned").HasDefaultValue(false);
        builder.Property(generation => generation.Note).HasColumnName("note").HasDefaultValue("");
        builder.Property(generation => generation.IsDamaged).HasColumnName("is_damaged").HasDefaultValue(false);
        builder.HasOne<JobEntity>().WithMany().HasForeignKey(generation => generation.JobId)
            .HasConstraintName("generations_job").OnDelete(DeleteBehavior.Restrict);
    }

    /// <inheritdoc/>
    public void Configure(EntityTypeBuilder<PackEntity> builder)
    {
        builder.ToTable("packs").HasKey(pack => pack.Id);
        builder.Property(pack => pack.Id).HasColumnName("id");
        builder.Property(pack => pack.PackId).HasColumnName("pack_id");
        builder.Property(pack => pack.Bytes).HasColumnName("bytes");
        builder.Property(pack => pack.Chunks).HasColumnName("chunks");
        builder.Property(pack => pack.TrailerHash).HasColumnName("trailer_hash");
        builder.Property(pack => pack.IsLedger).HasColumnName("is_ledger").HasDefaultValue(false);
        builder.Property(pack => pack.ProvedAt).HasColumnName("proved_at");
        builder.HasIndex(pack => pack.PackId).IsUnique().HasDatabaseName("packs_pack_id");
    }

    /// <inheritdoc/>
    public void Configure(EntityTypeBuilder<ChunkEntity> builder)
    {
        builder.ToTable(IndexSqlGenerator.ChunksTable).HasKey(chunk => chunk.ChunkId);
        builder.Property(chunk => chunk.ChunkId).HasColumnName("chunk_id");
        builder.Property(chunk => chunk.Pack).HasColumnName("pack");
        builder.Property(chunk => chunk.Offset).HasColumnName("offset");
        builder.Property(chunk => chunk.StoredBytes).HasColumnName("stored_bytes");
        builder.Property(chunk => chunk.PlainBytes).HasColumnName("plain_bytes");
        builder.Property(chunk => chunk.Kind).HasColumnName("kind");
        builder.Property(chunk => chunk.Codec).HasColumnName("codec");
    }

    /// <inheritdoc/>
    public void Configure(EntityTypeBuilder<EventEntity> builder)
    {
        builder.ToTable("events").HasKey(row => row.Id);
        builder.Property(row => row.Id).HasColumnName("id");
        builder.Property(row => row.JobId).HasColumnName("job_id");
        builder.Property(row => row.At).HasColumnName("at");
        builder.Property(row => row.Kind).HasColumnName("kind");
        builder.Property(row => row.Generation).HasColumnName("generation");
        builder.Property(row => row.Pid).HasColumnName("pid");
        builder.Property(row => row.ExitCode).HasColumnName("exit_code");
        builder.Property(row => row.Signal).HasColumnName("signal");
        builder.Property(row => row.Detail).HasColumnName("detail");
        builder.HasIndex(row => new { row.JobId, row.Id }).HasDatabaseName("events_job");
        builder.HasOne<JobEntity>().WithMany().HasForeignKey(row => row.JobId).HasConstraintName("events_job_id").OnDelete(DeleteBehavior.Cascade);
    }

    /// <inheritdoc/>
    public void Configure(EntityTypeBuilder<BadChunkEntity> builder)
    {
        builder.ToTable("bad_chunks").HasKey(chunk => chunk.ChunkId);
        builder.Property(chunk => chunk.ChunkId).HasColumnName("chunk_id");
        builder.Property(chunk => chunk.Pack).HasColumnName("pack");
    }
}
