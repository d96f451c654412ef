namespace Checkpointer.Engine.Dump;

/// <summary>Takes everything and keeps nothing, for rehearsals.</summary>
internal sealed class NoSink : ICheckpointSink, IPageSink
{
    /// <inheritdoc/>
    public bool HasBase => false;

    /// <inheritdoc/>
    public void PutImage(string name, ReadOnlySpan<byte> image)
    {
    }

    /// <inheritdoc/>
    public IPageSink OpenPages(string name) => this;

    /// <inheritdoc/>
    public void Write(ulong address, ReadOnlySpan<byte> pages)
    {
    }

    /// <inheritdoc/>
    public void Write(ulong address, long bytes, PageFill fill)
    {
    }

    /// <inheritdoc/>
    public void Clear(ulong address, ulong length)
    {
    }

    /// <inheritdoc/>
    public void Dispose()
    {
    }
}
