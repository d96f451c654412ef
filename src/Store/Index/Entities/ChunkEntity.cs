namespace Checkpointer.Store.Index.Entities;

/// <summary>Row of <c>chunks</c>: where one copy of a chunk lies. Read and written by prepared commands only.</summary>
internal sealed class ChunkEntity
{
    public required byte[] ChunkId { get; set; }

    public long Pack { get; set; }

    public long Offset { get; set; }

    public int StoredBytes { get; set; }

    public int PlainBytes { get; set; }

    public byte Kind { get; set; }

    public byte Codec { get; set; }
}
