using Checkpointer.Engine;
using Checkpointer.Scheduler.Jobs;
using Checkpointer.Store;
using Checkpointer.Store.Generations;

namespace Checkpointer.Scheduler.Composition;

/// <summary>Joins the engine's sink to a generation being written. Owns the writer.</summary>
/// <param name="writer">The generation.</param>
/// <param name="hasBase">Whether the writer was begun on a base generation.</param>
internal sealed class StoreSink(GenerationWriter writer, bool hasBase) : IGenerationInProgress
{
    /// <inheritdoc/>
    public bool HasBase => hasBase;

    /// <inheritdoc/>
    public void PutImage(string name, ReadOnlySpan<byte> image) => writer.PutImage(name, image);

    /// <inheritdoc/>
    public IPageSink OpenPages(string name) => new PageSink(writer.OpenContent(name));

    /// <inheritdoc/>
    public GenerationRecord Commit(GenerationSummary summary) => writer.Commit(summary);

    /// <inheritdoc/>
    public void Dispose() => writer.Dispose();

    private sealed class PageSink(ContentWriter content) : IPageSink
    {
        public void Write(ulong address, ReadOnlySpan<byte> pages) => content.Write(address, pages);

        public void Write(ulong address, long bytes, PageFill fill) => content.Write(address, bytes, fill.Invoke);

        public void Clear(ulong address, ulong length) => content.Clear(address, length);

        public void Dispose() => content.Dispose();
    }
}
