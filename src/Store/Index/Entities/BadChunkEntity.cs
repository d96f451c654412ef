namespace Checkpointer.Store.Index.Entities;

/// <summary>Row of <c>bad_chunks</c>: a chunk that was found bad in the pack where the index places it.</summary>
internal sealed class BadChunkEntity
{
    public required byte[] ChunkId { get; set; }

    public long Pack { get; set; }
}
