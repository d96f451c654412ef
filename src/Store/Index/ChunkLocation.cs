using Checkpointer.Store.Packs;

namespace Checkpointer.Store.Index;

/// <summary>Where the index says that a chunk lies.</summary>
internal readonly record struct ChunkLocation(PackId Pack, PackEntry Entry);

/// <summary>Where a chunk lies, without what is needed to read it.</summary>
/// <param name="Pack">Key of the pack.</param>
/// <param name="Offset">Where its record begins.</param>
/// <param name="StoredBytes">Bytes of its payload.</param>
internal readonly record struct ChunkPlace(long Pack, long Offset, int StoredBytes);

/// <summary>A pack as the index knows it.</summary>
internal sealed record PackRow(long Key, PackId Id, long Bytes, int Chunks, ReadOnlyMemory<byte> TrailerHash, bool IsLedger, DateTimeOffset? ProvedAt);

/// <summary>A generation and its manifest's chunk.</summary>
internal sealed record GenerationRow(GenerationRecord Record, Chunking.ChunkId Manifest);

/// <summary>A chunk as a pass over all of them sees it.</summary>
internal readonly record struct VisitedChunk(Chunking.ChunkId Id, long Pack, long Offset, ChunkKind Kind);
