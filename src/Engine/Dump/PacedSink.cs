namespace Checkpointer.Engine.Dump;

/// <summary>A sink to which pages go at a pace. Images are small, and go at once.</summary>
internal sealed class PacedSink(ICheckpointSink sink, Pace pace) : ICheckpointSink
{
    /// <inheritdoc/>
    public bool HasBase => sink.HasBase;

    /// <inheritdoc/>
    public void PutImage(string name, ReadOnlySpan<byte> image) => sink.PutImage(name, image);

    /// <inheritdoc/>
    public IPageSink OpenPages(string name) => new Pages(sink.OpenPages(name), pace);

    private sealed class Pages(IPageSink pages, Pace pace) : IPageSink
    {
        public void Write(ulong address, ReadOnlySpan<byte> bytes)
        {
            pace.Wait(bytes.Length);
            pages.Write(address, bytes);
        }

        public void Write(ulong address, long bytes, PageFill fill)
        {
            pace.Wait(bytes);
            pages.Write(address, bytes, fill);
        }

        public void Clear(ulong address, ulong length) => pages.Clear(address, length);

        public void Dispose() => pages.Dispose();
    }
}
