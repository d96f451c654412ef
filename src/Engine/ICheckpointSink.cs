namespace Checkpointer.Engine;

/// <summary>
/// What a dump writes to. The engine knows nothing of packs; the scheduler adapts this to the store.
/// Calls come from one thread at a time. Nothing written is visible to a reader until whoever owns the sink commits it.
/// </summary>
public interface ICheckpointSink
{
    /// <summary>True where contents start as they are in a base generation, false where they start as zero.</summary>
    bool HasBase { get; }

    /// <summary>Stores one image: a small protobuf message under a name that is unique in the generation,
    /// such as <c>inventory</c> or <c>process/4711</c>.</summary>
    void PutImage(string name, ReadOnlySpan<byte> image);

    /// <summary>Opens the pages of one address space or shared object, such as <c>memory/4711</c> or <c>shared/3</c>.
    /// What is neither written nor cleared stays as in the base generation; without a base it is zero.</summary>
    IPageSink OpenPages(string name);
}

/// <summary>Pages of one address space or shared memory object on their way out.</summary>
public interface IPageSink : IDisposable
{
    /// <summary>Stores whole pages. The bytes are copied before the call returns.</summary>
    /// <param name="address">Page-aligned address in the address space, or offset in the shared object, in bytes.</param>
    /// <param name="pages">A whole number of 4096-byte pages, any count.</param>
    void Write(ulong address, ReadOnlySpan<byte> pages);

    /// <summary>Stores whole pages that are read straight into the sink's memory, which saves a copy.</summary>
    /// <param name="address">As above.</param>
    /// <param name="bytes">A multiple of 4096.</param>
    /// <param name="fill">Called with ascending addresses before the call returns, each time for whole pages.</param>
    void Write(ulong address, long bytes, PageFill fill);

    /// <summary>Says that a page-aligned range is zero or unmapped in this generation.</summary>
    void Clear(ulong address, ulong length);
}

/// <summary>Fills all of <paramref name="target"/> with the pages at an address.</summary>
public delegate void PageFill(ulong address, Span<byte> target);
