using Checkpointer.Store.Chunking;
using Checkpointer.Store.Packs;

namespace Checkpointer.Store.Generations;

/// <summary>An image as the manifest lists it.</summary>
internal sealed record ImageEntry(string Name, long Bytes, IReadOnlyList<ChunkId> Pieces);

/// <summary>A populated table of a content; <paramref name="Index"/> is the GiB of address space that it maps.</summary>
internal readonly record struct TableEntry(ulong Index, ChunkId Chunk);

/// <summary>A content as the manifest lists it; tables ascend.</summary>
internal sealed record ContentEntry(string Name, IReadOnlyList<TableEntry> Tables);

/// <summary>What makes a generation, checked.</summary>
internal sealed record Manifest(
    GenerationName Name, DateTimeOffset CreatedAt, TimeSpan Duration, JobRecord Job, GenerationSummary Summary,
    IReadOnlyList<PackId> EarlierPacks, IReadOnlyList<ImageEntry> Images, IReadOnlyList<ContentEntry> Contents, string BaseGeneration);
