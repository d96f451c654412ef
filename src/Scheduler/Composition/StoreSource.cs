using Checkpointer.Engine;
using Checkpointer.Scheduler.Jobs;
using Checkpointer.Store;
using Checkpointer.Store.Generations;

namespace Checkpointer.Scheduler.Composition;

/// <summary>Joins the engine's source to a committed generation. Owns the reader.</summary>
internal sealed class StoreSource(GenerationReader reader) : IStoredGeneration
{
    /// <inheritdoc/>
    public string Name => reader.Record.Name.ToString();

    /// <inheritdoc/>
    public GenerationRecord Record => reader.Record;

    /// <inheritdoc/>
    public IReadOnlyCollection<string> ImageNames => reader.ImageNames;

    /// <inheritdoc/>
    public IReadOnlyCollection<string> ContentNames => reader.ContentNames;

    /// <inheritdoc/>
    public byte[] ReadImage(string name) => reader.ReadImage(name);

    /// <inheritdoc/>
    public void ReadPages(string name, PageVisitor visitor) => reader.ReadContent(name, visitor.Invoke);

    /// <inheritdoc/>
    public void Dispose() => reader.Dispose();
}
