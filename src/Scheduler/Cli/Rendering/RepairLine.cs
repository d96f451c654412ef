namespace Checkpointer.Scheduler.Cli.Rendering;

/// <summary>Result of <c>repair</c>.</summary>
internal sealed record RepairLine(
    bool DryRun,
    bool Good,
    bool FormatWritten,
    bool IndexRebuilt,
    int Packs,
    long Bytes,
    IReadOnlyList<DamageLine> Damages,
    IReadOnlyList<string> QuarantinedPacks,
    long SavedChunks,
    long SavedBytes,
    long LostChunks,
    IReadOnlyList<string> SavedGenerations,
    IReadOnlyList<string> LostGenerations,
    long DurationMs);
