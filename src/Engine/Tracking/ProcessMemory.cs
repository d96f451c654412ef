namespace Checkpointer.Engine.Tracking;

/// <summary>
/// What is known of one address space between dumps: which pages the last committed generation holds, and which changed since. A page that was
/// reported as changed stays so until it is in a committed generation.
/// </summary>
internal sealed class ProcessMemory(ITracker tracker) : IDisposable
{
    private PageSet _committed = PageSet.Empty;
    private PageSet _unsaved = PageSet.Empty;
    private PageSet _aside = PageSet.Empty;
    private PageSet _inSink = PageSet.Empty;
    private PageSet? _populated;

    /// <summary>What tells the changed pages.</summary>
    public ITracker Tracker => tracker;

    /// <summary>True where the last committed generation holds this address space and changes since are known.</summary>
    public bool IsContinued { get; private set; }

    /// <summary>Pages that changed and are not handed over yet, as far as known. Some may not be populated.</summary>
    public PageSet Waiting => _unsaved.Except(_aside);

    /// <summary>Asks the tracker; pages that were handed over ahead and changed again are to be handed over again.</summary>
    /// <returns>Pages that were written since the last time.</returns>
    public PageSet TakeWritten(IReadOnlyList<PrivateMapping> mappings, PageMap pages)
    {
        var written = new List<PageRange>();
        var changed = PageSet.Empty;
        try
        {
            tracker.TakeWritten(mappings, pages, written);
        }
        finally
        {
            // Where the tracker failed, what it told until then still counts.
            changed = PageSet.Of(written);
            NoteChanged(changed);
        }

        return changed;
    }

    /// <summary>Begins a dump: nothing was handed over yet.</summary>
    public void BeginDump()
    {
        _aside = PageSet.Empty;
        _inSink = PageSet.Empty;
        _populated = null;
        if (tracker is CompareTracker)
        {
            Forget();
        }
    }

    /// <summary>Forgets what the committed generation holds: the next one has to be complete.</summary>
    public void Forget()
    {
        IsContinued = false;
        _unsaved = _unsaved.Union(_committed);
        _committed = PageSet.Empty;
    }

    /// <summary>Notes pages that were handed over while the process runs.</summary>
    /// <param name="pages">All that the sink has got, whatever became of them meanwhile.</param>
    /// <param name="whole">Those that could be read; they need not be handed over again while nothing writes to them.</param>
    public void HandedOver(PageSet pages, PageSet whole)
    {
        _inSink = _inSink.Union(pages);
        _aside = _aside.Union(whole);
    }

    /// <summary>Notes that pages handed over ahead may be stale: they are to be handed over again.</summary>
    public void DistrustHandedOver() => _aside = PageSet.Empty;

    /// <summary>
    /// Settles what this dump hands over. Precondition: the process is frozen.
    /// </summary>
    /// <param name="mappings">All private mappings.</param>
    /// <param name="pages">Page map.</param>
    /// <param name="guards">Receives guard pages.</param>
    public FrozenPages Settle(IReadOnlyList<PrivateMapping> mappings, PageMap pages, List<PageRange> guards)
    {
        var mapped = PageSet.Of([.. mappings.Select(mapping => mapping.Range)]);
        var unwatched = mapped.Except(tracker.Watch(mappings));
        TakeWritten(mappings, pages);
        TakeUnwatched(mappings, unwatched, pages);
        var foreign = new List<PageRange>();
        var uncertain = new List<PageRange>();
        foreach (var mapping in mappings)
        {
            pages.AddForeignPages(mapping, foreign, guards, uncertain);
        }

        // Reading tells, and what a file page reads is right for an own one too.
        NoteChanged(PageSet.Of(uncertain));
        var known = _committed.Union(_unsaved);
        _populated = known.Intersect(mapped).Except(PageSet.Of(foreign));
        var dirty = _unsaved.Intersect(_populated);
        var stale = _committed.Union(_inSink).Except(_populated);
        return new FrozenPages(_populated, dirty, dirty.Except(_aside), stale);
    }

    /// <summary>Begins to watch the memory. Precondition: the process is frozen.</summary>
    public void Watch(IReadOnlyList<PrivateMapping> mappings) => tracker.Watch(mappings);

    /// <summary>The last dump is in a committed generation.</summary>
    public void Committed()
    {
        if (_populated is { } populated)
        {
            _committed = populated;
            _unsaved = PageSet.Empty;
            _populated = null;
            IsContinued = tracker is not CompareTracker;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => tracker.Dispose();

    private void TakeUnwatched(IReadOnlyList<PrivateMapping> mappings, PageSet unwatched, PageMap pages)
    {
        var own = new List<PageRange>();
        foreach (var mapping in mappings)
        {
            foreach (var range in unwatched.Within(mapping.Range))
            {
                pages.AddOwnPages(mapping with { Range = range }, own);
            }
        }

        NoteChanged(PageSet.Of(own));
    }

    private void NoteChanged(PageSet changed)
    {
        _unsaved = _unsaved.Union(changed);
        _aside = _aside.Except(changed);
    }
}

/// <summary>The pages of a frozen address space.</summary>
/// <param name="Populated">Own pages.</param>
/// <param name="Dirty">Own pages that changed since the committed generation.</param>
/// <param name="Take">Those of them that are to be taken now.</param>
/// <param name="Stale">Pages that the base, or what was handed over ahead, holds and that are zero or unmapped now.</param>
internal sealed record FrozenPages(PageSet Populated, PageSet Dirty, PageSet Take, PageSet Stale);
