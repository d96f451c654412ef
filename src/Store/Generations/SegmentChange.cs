namespace Checkpointer.Store.Generations;

/// <summary>A write within one segment, or a clear where the chunk is null.</summary>
internal readonly record struct SegmentChange(ushort FirstPage, ushort PageCount, PendingChunk? Chunk)
{
    /// <summary>Paints it. Precondition: the chunk's name is known.</summary>
    public void ApplyTo(SegmentCanvas canvas)
    {
        if (Chunk is null)
        {
            canvas.Clear(FirstPage, PageCount);
        }
        else
        {
            canvas.Paint(new Extent(FirstPage, PageCount, 0, Chunk.Id));
        }
    }
}
