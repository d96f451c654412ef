using Checkpointer.Engine.Tracing;
using Checkpointer.Engine.Tracking;

namespace Checkpointer.Engine.Dump;

/// <summary>Pages that a dump takes from a frozen job, and what becomes of the rest of their content.</summary>
/// <param name="ContentName">Name of the content in the generation.</param>
/// <param name="Continues">True where the content goes on from the base's; false where it is complete.</param>
/// <param name="Take">Pages to take now.</param>
/// <param name="Unforked">Those of them that a clone of the process would not have.</param>
/// <param name="Stale">Pages of the content that are zero now.</param>
/// <param name="PopulatedBytes">Bytes of all pages of the content.</param>
/// <param name="DirtyBytes">Bytes of pages that changed since the base.</param>
/// <param name="Reader">Reads pages while the job is frozen.</param>
/// <param name="Process">The process whose private memory this is; null for a shared object, which no clone protects.</param>
internal sealed record CaptureSource(
    string ContentName,
    bool Continues,
    PageSet Take,
    PageSet Unforked,
    PageSet Stale,
    long PopulatedBytes,
    long DirtyBytes,
    IPageReader Reader,
    FrozenProcess? Process);
