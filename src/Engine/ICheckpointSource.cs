namespace Checkpointer.Engine;

/// <summary>Receives a run of non-zero pages; the span is valid only during the call.</summary>
public delegate void PageVisitor(ulong address, ReadOnlySpan<byte> pages);

/// <summary>What a restore reads from: one committed generation. Every byte handed out was verified by its hash.</summary>
public interface ICheckpointSource
{
    /// <summary>Name of the generation, for messages: <c>JOB/NUMBER</c>.</summary>
    string Name { get; }

    /// <summary>Names of all images of the generation.</summary>
    IReadOnlyCollection<string> ImageNames { get; }

    /// <summary>Reads one image whole.</summary>
    byte[] ReadImage(string name);

    /// <summary>Visits the stored pages of <paramref name="name"/> in ascending address order; absent ranges are zero.</summary>
    void ReadPages(string name, PageVisitor visitor);
}
