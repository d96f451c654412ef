namespace Checkpointer.Store;

/// <summary>How garbage is collected.</summary>
/// <param name="IsDryRun">Only find out what would be done.</param>
/// <param name="RepackShare">A pack is rewritten when at least this share of it is dead, above 0 to 1. Below 1 some garbage stays; what is rewritten is read and written again.</param>
/// <param name="Wait">How long to wait for dumps and readers to end, each time that packs are exchanged.</param>
public sealed record CollectOptions(bool IsDryRun, double RepackShare, TimeSpan Wait);

/// <summary>What a collection found and did.</summary>
/// <param name="Generations">Generations whose needs were marked.</param>
/// <param name="Packs">Packs looked at.</param>
/// <param name="LiveBytes">Bytes of packs that generations need, their frames included.</param>
/// <param name="DeadBytes">The other bytes of packs.</param>
/// <param name="DroppedPacks">Packs that held nothing live, and are gone.</param>
/// <param name="RepackedPacks">Packs that were rewritten, and are gone.</param>
/// <param name="PostponedPacks">Packs of which a dump meanwhile needed what was dead before: for the next time.</param>
/// <param name="CopiedBytes">Bytes written to new packs.</param>
/// <param name="FreedBytes">Bytes by which the packs shrank together.</param>
/// <param name="DamagedPacks">File names of packs that stay because live chunks in them cannot be read.</param>
public sealed record CollectReport(
    int Generations, int Packs, long LiveBytes, long DeadBytes, int DroppedPacks, int RepackedPacks, int PostponedPacks, long CopiedBytes,
    long FreedBytes, IReadOnlyList<string> DamagedPacks);
