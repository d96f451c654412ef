namespace Checkpointer.Store.Generations;

/// <summary>Writes one content of a generation. What is neither written nor cleared is as in the base generation.</summary>
public sealed class ContentWriter : IDisposable
{
    /// <summary>Stores bytes at an offset; both are multiples of 4096. The bytes are copied before the call returns; hashing and
    /// compression run on worker threads, and the call waits while their queue is full.</summary>
    public void Write(ulong offset, ReadOnlySpan<byte> pages) => throw new NotImplementedException();

    /// <summary>Says that a page-aligned range is zero.</summary>
    public void Clear(ulong offset, ulong length) => throw new NotImplementedException();

    /// <inheritdoc/>
    public void Dispose()
    {
    }
}
