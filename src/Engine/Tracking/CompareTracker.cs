namespace Checkpointer.Engine.Tracking;

/// <summary>Tracks nothing: every own page counts as written, and the store finds what is equal.</summary>
internal sealed class CompareTracker : ITracker
{
    /// <inheritdoc/>
    public string Name => "compare";

    /// <inheritdoc/>
    public bool IsLive => false;

    /// <inheritdoc/>
    public bool IsAlive => true;

    /// <inheritdoc/>
    public PageSet Watch(IReadOnlyList<PrivateMapping> mappings) => PageSet.Empty;

    /// <inheritdoc/>
    public void TakeWritten(IReadOnlyList<PrivateMapping> mappings, PageMap pages, List<PageRange> written)
    {
    }

    /// <inheritdoc/>
    public void Dispose()
    {
    }
}
