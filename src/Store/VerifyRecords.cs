namespace Checkpointer.Store;

/// <summary>What a verify reads.</summary>
/// <param name="Only">One generation, or null for packs.</param>
/// <param name="Share">Of all packs those that were proved longest ago, until this share of their bytes is read, above 0 to 1; 1 for all of them, and then all generations are walked.</param>
/// <param name="BytesPerSecond">Most bytes read per second, or null for as fast as it goes.</param>
/// <param name="Workers">Threads that prove packs, from 1; null: <see cref="StoreOptions.Workers"/>.</param>
public sealed record VerifyOptions(GenerationName? Only, double Share = 1, long? BytesPerSecond = null, int? Workers = null);

/// <summary>How long ago packs were proved good as a whole.</summary>
/// <param name="Packs">Packs of the store.</param>
/// <param name="Never">Those that never were.</param>
/// <param name="Oldest">When the one of the others that was proved longest ago was; null when there is none.</param>
public sealed record ProofAges(int Packs, int Never, DateTimeOffset? Oldest);
