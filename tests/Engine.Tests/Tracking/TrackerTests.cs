using Checkpointer.EndToEnd.Tests.Support;
using Checkpointer.Engine.Tests.Support;
using Checkpointer.Engine.Tracking;
using Xunit;

namespace Checkpointer.Engine.Tests.Tracking;

/// <summary>The trackers that this kernel has, on memory of ours, rule by rule.</summary>
[Trait("kind", "kernel")]
public sealed class TrackerTests
{
    public static TheoryData<string> Trackers => Area.Trackers;

    [RootTheory]
    [MemberData(nameof(Trackers))]
    public void Written_IsWhatWasWrittenSinceTheLastTime(string name)
    {
        using var tracker = Area.NewTracker(name);
        using var area = new Area(64);
        area.WriteAll();

        Assert.Equal([(0, 64)], area.Written(tracker));
        Assert.Empty(area.Written(tracker));
        area.Write(3);
        area.Write(40);
        Assert.Equal([(3, 4), (40, 41)], area.Written(tracker));
        Assert.Empty(area.Written(tracker));
    }

    [RootTheory]
    [MemberData(nameof(Trackers))]
    public void Written_OfAPagePopulatedLater_IsReported(string name)
    {
        using var tracker = Area.NewTracker(name);
        using var area = new Area(64);
        area.Write(1);
        area.Read(9);
        Assert.Equal([(1, 2)], area.Written(tracker));

        area.Write(9);
        area.Write(30);

        Assert.Equal([(9, 10), (30, 31)], area.Written(tracker));
    }

    [RootTheory]
    [MemberData(nameof(Trackers))]
    public void Written_ByTheKernel_IsReported(string name)
    {
        using var tracker = Area.NewTracker(name);
        using var area = new Area(8);
        area.WriteAll();
        Assert.NotEmpty(area.Written(tracker));

        area.ReadFileInto(5);

        Assert.Equal([(5, 6)], area.Written(tracker));
    }

    [RootTheory]
    [MemberData(nameof(Trackers))]
    public void Written_AfterGrowthInPlace_HasTheNewPages(string name)
    {
        using var tracker = Area.NewTracker(name);
        using var room = new Area(64);
        using var area = new Area(16, at: room.Address);
        area.WriteAll();
        Assert.NotEmpty(area.Written(tracker));

        room.UnmapBehind(16);
        area.Resize(32, move: false);
        area.Write(20);

        Assert.Equal([(20, 21)], area.Written(tracker));
    }

    [RootTheory]
    [MemberData(nameof(Trackers))]
    public void Written_AfterAMove_IsAll(string name)
    {
        using var tracker = Area.NewTracker(name);
        using var area = new Area(16);
        using var blocker = new Area(1);
        area.WriteAll();
        Assert.NotEmpty(area.Written(tracker));

        area.MoveAway();

        Assert.Equal([(0, 16)], area.Written(tracker));
        Assert.Empty(area.Written(tracker));
    }

    [RootTheory]
    [MemberData(nameof(Trackers))]
    public void Written_AfterReplacement_IsWhatTheNewMappingHas(string name)
    {
        using var tracker = Area.NewTracker(name);
        using var area = new Area(16);
        area.WriteAll();
        Assert.NotEmpty(area.Written(tracker));

        using var replacement = new Area(16, at: area.Address);
        replacement.Write(2);

        Assert.Equal([(2, 3)], replacement.Written(tracker));
    }

    [RootTheory]
    [MemberData(nameof(Trackers))]
    public void Written_OfAPrivateFileMapping_IsWhatBecameOwn(string name)
    {
        using var scratch = new Scratch();
        File.WriteAllBytes(scratch["file"], new byte[8 * Area.PageBytes]);
        using var file = File.OpenHandle(scratch["file"]);
        using var tracker = Area.NewTracker(name);
        using var area = new Area(8, (int)file.DangerousGetHandle());
        Enumerable.Range(0, 8).ToList().ForEach(area.Read);
        area.Write(6);
        Assert.Equal([(6, 7)], area.Written(tracker));

        area.Write(2);

        Assert.Equal([(2, 3)], area.Written(tracker));
    }

    [RootTheory]
    [MemberData(nameof(Trackers))]
    public void Settle_AfterDontNeed_TellsThePagesStale(string name)
    {
        using var memory = new ProcessMemory(Area.NewTracker(name));
        using var area = new Area(32);
        area.WriteAll();
        Dump(memory, area);

        area.Drop(4, 3);
        area.Read(5);
        area.Write(20);
        var pages = Dump(memory, area);

        Assert.Equal([(4, 7)], area.Numbers(pages.Stale.Ranges));
        Assert.Equal([(20, 21)], area.Numbers(pages.Take.Ranges));
        Assert.Equal([(0, 4), (7, 32)], area.Numbers(pages.Populated.Ranges));
    }

    [RootTheory]
    [MemberData(nameof(Trackers))]
    public void Settle_OfAnOwnPageOfAFileThatWasGivenBack_TakesItOrTellsItStale(string name)
    {
        using var scratch = new Scratch();
        File.WriteAllBytes(scratch["file"], new byte[8 * Area.PageBytes]);
        using var file = File.OpenHandle(scratch["file"]);
        using var memory = new ProcessMemory(Area.NewTracker(name));
        using var area = new Area(8, (int)file.DangerousGetHandle());
        area.Write(2);
        area.Write(6);
        Dump(memory, area);

        area.Drop(2, 1);
        var pages = Dump(memory, area);
        Assert.Equal([(2, 3)], area.Numbers(pages.Take.Union(pages.Stale).Ranges));

        area.Read(2);
        Assert.Equal([(6, 7)], area.Numbers(Dump(memory, area).Populated.Ranges));
    }

    [RootFact]
    public void TakeWritten_OfAMappingThatIsNotWatchedYet_NeitherReportsNorSplitsIt()
    {
        using var memory = new ProcessMemory(Area.NewTracker());
        using var first = new Area(8);
        first.WriteAll();
        Dump(memory, first);
        using var late = new Area(8);
        late.WriteAll();

        Assert.Empty(late.TakeLive(memory));

        Assert.Equal([(0, 8)], late.Numbers(Dump(memory, late).Take.Ranges));
    }

    [RootTheory]
    [MemberData(nameof(Trackers))]
    public void Written_WhenSomebodyElseHasResetTheBits_IsReported(string name)
    {
        using var tracker = Area.NewTracker(name);
        using var area = new Area(8);
        area.WriteAll();
        Assert.NotEmpty(area.Written(tracker));
        area.Write(3);

        Area.ResetSoftDirty();

        Assert.Contains(area.Written(tracker), range => range.First <= 3 && range.End > 3);
        Assert.Empty(area.Written(tracker));
    }

    [RootTheory]
    [MemberData(nameof(Trackers))]
    public void Settle_OfHugePagesThatWereGivenBackAndRead_TakesThemOrTellsThemStale(string name)
    {
        using var memory = new ProcessMemory(Area.NewTracker(name));
        using var area = Area.InHugePages();
        area.WriteAll();
        Dump(memory, area);

        area.Drop(0, Area.HugePages);
        area.Read(3);
        var pages = Dump(memory, area);

        Assert.Equal([(0, Area.HugePages)], area.Numbers(pages.Take.Union(pages.Stale).Ranges));
    }

    [RootTheory]
    [MemberData(nameof(Trackers))]
    public void Written_OfMemoryThatAnotherTrackerWatches_IsAllEveryTime(string name)
    {
        using var first = Area.NewTracker(name);
        using var second = Area.NewTracker(name);
        using var area = new Area(8);
        area.WriteAll();
        Assert.NotEmpty(area.Written(first));

        Assert.Equal([(0, 8)], area.Written(second));
        area.Write(3);
        Assert.Equal([(0, 8)], area.Written(second));

        Assert.Equal([(3, 4)], area.Written(first));
    }

    [RootTheory]
    [MemberData(nameof(Trackers))]
    public void Settle_AfterADumpThatWasNotCommitted_StillHasItsPages(string name)
    {
        using var memory = new ProcessMemory(Area.NewTracker(name));
        using var area = new Area(32);
        area.WriteAll();
        Dump(memory, area);
        area.Write(7);
        memory.BeginDump();
        Assert.Equal([(7, 8)], area.Numbers(area.Settle(memory).Take.Ranges));

        area.Write(9);
        memory.BeginDump();

        Assert.Equal([(7, 8), (9, 10)], area.Numbers(area.Settle(memory).Take.Ranges));
    }

    [RootFact]
    public void Settle_OfPagesHandedOverAhead_TakesThoseWrittenSince()
    {
        using var memory = new ProcessMemory(Area.NewTracker());
        using var area = new Area(32);
        area.WriteAll();
        memory.BeginDump();
        area.TakeAhead(memory);
        Assert.Equal([(0, 32)], area.Numbers(memory.Waiting.Ranges));
        memory.HandedOver(memory.Waiting, memory.Waiting);

        area.Write(11);
        area.Drop(13, 1);
        var pages = area.Settle(memory);

        Assert.Equal([(11, 12)], area.Numbers(pages.Take.Ranges));
        Assert.Equal([(13, 14)], area.Numbers(pages.Stale.Ranges));
        Assert.Equal([(0, 13), (14, 32)], area.Numbers(pages.Dirty.Ranges));
    }

    [RootTheory]
    [InlineData(true, true)]
    [InlineData(true, false)]
    [InlineData(false, false)]
    public void Settle_OfPagesHandedOverAheadAndGivenBack_ClearsThem(bool couldBeRead, bool isDistrusted)
    {
        using var memory = new ProcessMemory(Area.NewTracker());
        using var area = new Area(32);
        area.WriteAll();
        memory.BeginDump();
        area.TakeAhead(memory);
        memory.HandedOver(memory.Waiting, couldBeRead ? memory.Waiting : PageSet.Empty);

        // Seen as written, so not to be trusted any more, and then gone.
        area.Write(11);
        area.TakeAhead(memory);
        area.Drop(11, 1);
        if (isDistrusted)
        {
            memory.DistrustHandedOver();
        }

        Assert.Equal([(11, 12)], area.Numbers(area.Settle(memory).Stale.Ranges));
    }

    [RootFact]
    public void Settle_AfterDistrust_TakesAllAgain()
    {
        using var memory = new ProcessMemory(Area.NewTracker());
        using var area = new Area(8);
        area.WriteAll();
        memory.BeginDump();
        area.TakeAhead(memory);
        memory.HandedOver(memory.Waiting, memory.Waiting);

        memory.DistrustHandedOver();

        Assert.Equal([(0, 8)], area.Numbers(area.Settle(memory).Take.Ranges));
    }

    [RootTheory]
    [MemberData(nameof(Trackers))]
    public void Settle_AfterForget_IsComplete(string name)
    {
        using var memory = new ProcessMemory(Area.NewTracker(name));
        using var area = new Area(8);
        area.WriteAll();
        Dump(memory, area);
        area.Drop(3, 1);

        memory.BeginDump();
        memory.Forget();
        var pages = area.Settle(memory);

        Assert.False(memory.IsContinued);
        Assert.Equal([(0, 3), (4, 8)], area.Numbers(pages.Take.Ranges));
    }

    [RootFact]
    public void Compare_TakesAllEveryTime()
    {
        using var memory = new ProcessMemory(new CompareTracker());
        using var area = new Area(8);
        area.WriteAll();
        Dump(memory, area);
        area.Drop(2, 1);

        Assert.Equal([(0, 2), (3, 8)], area.Numbers(Dump(memory, area).Take.Ranges));
        Assert.False(memory.IsContinued);
    }

    [RootTheory]
    [MemberData(nameof(Trackers))]
    public void Release_OfTheTracker_DropsAllProtection(string name)
    {
        using var area = new Area(8);
        area.WriteAll();
        var tracker = Area.NewTracker(name);
        Assert.NotEmpty(area.Written(tracker));
        tracker.Dispose();

        using var next = Area.NewTracker(name);

        Assert.Equal([(0, 8)], area.Written(next));
    }

    private static FrozenPages Dump(ProcessMemory memory, Area area)
    {
        memory.BeginDump();
        var pages = area.Settle(memory);
        memory.Committed();
        return pages;
    }
}
