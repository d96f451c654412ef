using Checkpointer.Store.Chunking;

namespace Checkpointer.Store.Generations;

/// <summary>Pages of a segment that lie in one chunk, in order.</summary>
/// <param name="FirstPage">First page, within the segment.</param>
/// <param name="PageCount">How many.</param>
/// <param name="ChunkPage">Page of the chunk that holds the first.</param>
/// <param name="Chunk">The chunk.</param>
internal readonly record struct Extent(int FirstPage, int PageCount, int ChunkPage, ChunkId Chunk);
