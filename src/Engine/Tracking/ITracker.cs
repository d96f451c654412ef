namespace Checkpointer.Engine.Tracking;

/// <summary>Tells which pages of one address space changed since the last time that it was asked.</summary>
internal interface ITracker : IDisposable
{
    /// <summary>Name for reports: <c>write-protect</c>, <c>soft-dirty</c> or <c>compare</c>.</summary>
    string Name { get; }

    /// <summary>True where reading and resetting are one step, so that it may be asked while the process runs.</summary>
    bool IsLive { get; }

    /// <summary>False once the address space that it watches is gone: the process called execve(2).</summary>
    bool IsAlive { get; }

    /// <summary>Begins to watch what is not watched yet. Precondition: the process is frozen; while it runs, a mapping may be another one than we think,
    /// and be split by us.</summary>
    /// <param name="mappings">All private mappings of the process, ascending.</param>
    /// <returns>Pages that <see cref="TakeWritten"/> answers for; all others count as written.</returns>
    PageSet Watch(IReadOnlyList<PrivateMapping> mappings);

    /// <summary>
    /// Adds the own pages, among those watched, that were written since the last call, and protects them anew. A page whose fate is not known is added,
    /// even if it is not populated.
    /// </summary>
    /// <param name="mappings">All private mappings of the process, ascending.</param>
    /// <param name="pages">Page map of the process.</param>
    /// <param name="written">Receives the pages, in any order.</param>
    void TakeWritten(IReadOnlyList<PrivateMapping> mappings, PageMap pages, List<PageRange> written);
}
