namespace Checkpointer.Store;

/// <summary>How a store is repaired.</summary>
/// <param name="IsDryRun">Only find out what would be done.</param>
/// <param name="Wait">How long to wait for dumps and readers to end before packs are exchanged.</param>
public sealed record RepairOptions(bool IsDryRun, TimeSpan Wait);

/// <summary>What a repair found and did. In a dry run, what it would do.</summary>
/// <param name="FormatWritten">Whether the file that makes the directory a store was made again.</param>
/// <param name="IndexRebuilt">Whether the index was made again from the packs.</param>
/// <param name="Packs">Packs read.</param>
/// <param name="Bytes">Bytes read from disk.</param>
/// <param name="Damages">What was bad.</param>
/// <param name="QuarantinedPacks">File names of packs that went to <c>quarantine/</c>, or were missing.</param>
/// <param name="SavedChunks">Chunks of these packs that were good, and are in new packs.</param>
/// <param name="SavedBytes">Their bytes on disk.</param>
/// <param name="LostChunks">Chunks of which no good copy was found.</param>
/// <param name="SavedGenerations">Generations that were spoiled and are whole.</param>
/// <param name="LostGenerations">Generations that are spoiled still.</param>
public sealed record RepairReport(
    bool FormatWritten, bool IndexRebuilt, int Packs, long Bytes, IReadOnlyList<Damage> Damages, IReadOnlyList<string> QuarantinedPacks,
    long SavedChunks, long SavedBytes, long LostChunks, IReadOnlyList<GenerationName> SavedGenerations, IReadOnlyList<GenerationName> LostGenerations);
