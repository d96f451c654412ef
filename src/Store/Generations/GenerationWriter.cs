namespace Checkpointer.Store.Generations;

/// <summary>A generation being written. Disposed without <see cref="Commit"/>, it leaves nothing but orphaned packs that the
/// next opening sweeps. A writer that failed once is broken for good. One producer thread.</summary>
public sealed class GenerationWriter : IDisposable
{
    /// <summary>Name that the generation will have.</summary>
    public GenerationName Name { get; }

    /// <summary>Stores one named blob (an image): any size up to 64 MiB.</summary>
    public void PutImage(string name, ReadOnlySpan<byte> image) => throw new NotImplementedException();

    /// <summary>Opens a content: a sparse 64-bit address space of pages or a file.</summary>
    public ContentWriter OpenContent(string name) => throw new NotImplementedException();

    /// <summary>Makes everything durable, then makes the generation exist, in one transaction.</summary>
    public GenerationRecord Commit(GenerationSummary summary) => throw new NotImplementedException();

    /// <inheritdoc/>
    public void Dispose()
    {
    }
}
