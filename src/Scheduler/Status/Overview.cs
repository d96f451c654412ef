using System.Text.Json.Serialization;
using Checkpointer.Store;

namespace Checkpointer.Scheduler.Status;

/// <summary>All that the status page shows.</summary>
/// <param name="At">As of when.</param>
/// <param name="Store">The store.</param>
/// <param name="Jobs">The jobs.</param>
internal sealed record Overview(DateTimeOffset At, StoreOverview Store, IReadOnlyList<JobOverview> Jobs);

/// <summary>What is said of the store.</summary>
internal sealed record StoreOverview(
    string Directory, long Generations, long LogicalBytes, long PlainBytes, long StoredBytes, long IndexBytes, long FreeBytes);

/// <summary>What is said of a job.</summary>
internal sealed record JobOverview(
    string Job, string State, string? Schedule, DateTimeOffset? NextDump, DateTimeOffset? NewestGoodAt, string Command, IReadOnlyList<GenerationOverview> Generations);

/// <summary>What is said of a generation.</summary>
internal sealed record GenerationOverview(
    string Generation, DateTimeOffset CreatedAt, string Kind, [property: JsonPropertyName("freeze_us")] long FreezeMicroseconds, long DurationMs, long NewBytes, bool Pinned, bool Damaged)
{
    /// <summary>Of a record.</summary>
    public static GenerationOverview From(GenerationRecord record) => new(
        record.Name.ToString(), record.CreatedAt, record.Summary.Kind, record.Summary.FreezeMicroseconds, (long)record.Duration.TotalMilliseconds, record.NewBytes,
        record.IsPinned, record.IsDamaged);
}

/// <summary>How it is written: names in snake_case.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(Overview))]
internal sealed partial class OverviewJson : JsonSerializerContext;
