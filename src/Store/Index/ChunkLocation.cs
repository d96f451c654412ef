using Checkpointer.Store.Packs;

namespace Checkpointer.Store.Index;

/// <summary>Where the index says that a chunk lies.</summary>
internal readonly record struct ChunkLocation(PackId Pack, PackEntry Entry);

/// <summary>A pack as the index knows it.</summary>
internal sealed record PackRow(long Key, PackId Id, long Bytes, int Chunks, ReadOnlyMemory<byte> TrailerHash);

/// <summary>A generation and its manifest's chunk.</summary>
internal sealed record GenerationRow(GenerationRecord Record, Chunking.ChunkId Manifest);
