namespace Checkpointer.Store.Generations;

/// <summary>Receives a run of bytes of a content; the span is valid only during the call.</summary>
public delegate void ContentVisitor(ulong offset, ReadOnlySpan<byte> bytes);

/// <summary>A committed generation, open for reading. Every chunk is re-hashed when read.</summary>
public sealed class GenerationReader : IDisposable
{
    /// <summary>Its record.</summary>
    public GenerationRecord Record { get; } = null!;

    /// <summary>Names of its images.</summary>
    public IReadOnlyCollection<string> ImageNames { get; } = [];

    /// <summary>Names of its contents.</summary>
    public IReadOnlyCollection<string> ContentNames { get; } = [];

    /// <summary>Reads one image whole.</summary>
    public byte[] ReadImage(string name) => throw new NotImplementedException();

    /// <summary>Visits the non-zero pages of a content in ascending offset order.</summary>
    public void ReadContent(string name, ContentVisitor visitor) => throw new NotImplementedException();

    /// <inheritdoc/>
    public void Dispose()
    {
    }
}
