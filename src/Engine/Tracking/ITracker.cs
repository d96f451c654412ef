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

    /// <summary>
    /// Adds the own pages that were written since the last call, and starts to watch them anew. What was not watched before counts as written. A page
    /// whose fate is not known is added, even if it is not populated.
    /// </summary>
    /// <param name="mappings">All private mappings of the process, ascending.</param>
    /// <param name="pages">Page map of the process.</param>
    /// <param name="written">Receives the pages, in any order.</param>
    void TakeWritten(IReadOnlyList<PrivateMapping> mappings, PageMap pages, List<PageRange> written);
}
