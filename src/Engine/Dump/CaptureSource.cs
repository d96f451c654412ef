using Checkpointer.Engine.Tracking;

namespace Checkpointer.Engine.Dump;

/// <summary>Reads bytes of a frozen job: its private memory, or an object that it shares.</summary>
internal interface IPageReader
{
    /// <summary>Reads the whole target or throws. Bytes past the end of an object are zero.</summary>
    void Read(ulong address, Span<byte> target);
}

/// <summary>Pages that a dump takes, and where they are read while the job is frozen.</summary>
/// <param name="ContentName">Name of the content in the generation.</param>
/// <param name="Ranges">Pages, ascending.</param>
/// <param name="Reader">Reads them; valid until the thaw.</param>
internal sealed record CaptureSource(string ContentName, IReadOnlyList<PageRange> Ranges, IPageReader Reader)
{
    /// <summary>Bytes of all pages.</summary>
    public long Bytes => Ranges.Sum(range => (long)range.Bytes);
}

/// <summary>
/// A way to take pages from a frozen job: what <see cref="Take"/> returns holds them as of the freeze, and is handed to the sink after the thaw.
/// </summary>
internal interface ICapture
{
    /// <summary>Name for reports: <c>copy</c>.</summary>
    string Name { get; }

    /// <summary>Takes the pages. Runs inside the freeze.</summary>
    /// <param name="sources">What to take.</param>
    /// <param name="sink">Where it goes at last; each content is opened once.</param>
    ICapturedPages Take(IReadOnlyList<CaptureSource> sources, ICheckpointSink sink);
}

/// <summary>Pages as of the freeze.</summary>
internal interface ICapturedPages : IDisposable
{
    /// <summary>Hands the pages to the sink that they were taken for. Runs beside the job.</summary>
    void Deliver(IProgress<long>? bytesDone, CancellationToken cancellation);
}
