using Checkpointer.Engine;
using Checkpointer.Scheduler.Cli.Inspection;
using Checkpointer.Scheduler.Cli.Rendering;
using Checkpointer.Store;

namespace Checkpointer.Scheduler.Tests.Cli.Inspection;

/// <summary>What <c>diff</c> makes of two descriptions and the pages that differ.</summary>
public sealed class GenerationDiffTests
{
    private static readonly MappingDescription _heap = new(0x1000, 0x5000, "rw-p", "anonymous", "[heap]", 0, "memory/7", 0x1000);
    private static readonly MappingDescription _shared = new(0x9000, 0xb000, "rw-s", "shared", "", 0, "shared/3", 0);
    private static readonly DescriptorDescription _log = new(1, "regular", "/log", "0100001", 10, 1, false);

    [Fact]
    public void Same_HasNothing()
    {
        JobDescription job = Job(Process(7));

        DiffLine line = Run(job, job);

        Assert.True(line.Same);
        Assert.Equal(0UL, line.ChangedBytes);
        Assert.Equal(("a/1", "a/2"), (line.Before, line.After));
    }

    [Fact]
    public void WrittenPages_BelongToTheirMappings_AndSharedOnesCountOnce()
    {
        JobDescription job = Job(Process(7), Process(8));

        DiffLine line = Run(job, job, ("memory/7", [new ChangedRange(0, 0x3000), new ChangedRange(0x4000, 0x1000)]), ("shared/3", [new ChangedRange(0x1000, 0x1000)]));

        Assert.Equal(0x5000UL, line.ChangedBytes);
        Assert.Equal(
            [(7, "written", "00001000", 0x3000UL, 2), (7, "written", "00009000", 0x1000UL, 1), (8, "written", "00001000", 0x3000UL, 2), (8, "written", "00009000", 0x1000UL, 1)],
            line.Memory.Select(mapping => (mapping.Pid, mapping.Change, mapping.Start, mapping.ChangedBytes, mapping.RangeCount)));
        Assert.Equal([new RangeLine("00001000", "00003000"), new RangeLine("00004000", "00005000")], line.Memory[0].Ranges);
        Assert.Equal([new RangeLine("0000a000", "0000b000")], line.Memory[1].Ranges);
    }

    [Fact]
    public void Mappings_ThatCameWentGrewOrWereProtected_AreNamed()
    {
        JobDescription before = Job(Process(7));
        JobDescription after = Job(Process(7) with
        {
            Mappings = [_heap with { End = 0x6000 }, _heap with { Start = 0x7000, End = 0x8000, Name = "" }],
        });

        Assert.Equal(["resized", "mapped", "unmapped"], Run(before, after).Memory.Select(mapping => mapping.Change));
        Assert.Equal(
            ["protected"],
            Run(before, Job(Process(7) with { Mappings = [_heap with { Access = "r--p" }, _shared] })).Memory.Select(mapping => mapping.Change));
    }

    [Fact]
    public void Processes_AndThreads_ThatCameAndWent_AreNamed()
    {
        DiffLine line = Run(
            Job(Process(7), Process(8), Process(9)),
            Job(Process(7) with { Threads = [new ThreadDescription(7, "a"), new ThreadDescription(77, "b")] }, Process(9) with { Executable = "/bin/other" }, Process(10)));

        Assert.Equal([(7, "threads"), (8, "ended"), (9, "executed"), (10, "started")], line.Processes.Select(process => (process.Pid, process.Change)));
        Assert.Equal([77], line.Processes[0].ThreadsStarted);
        Assert.Equal([8], line.Processes[1].ThreadsEnded);
    }

    [Fact]
    public void Descriptors_AreComparedByWhatTheyAre()
    {
        JobDescription before = Job(Process(7) with { Descriptors = [_log, _log with { Number = 2 }] });
        JobDescription after = Job(Process(7) with { Descriptors = [_log with { Position = 20 }, _log with { Number = 3, Kind = "pipe", What = "pipe:[1]" }] });

        Assert.Equal([(1, "changed"), (2, "closed"), (3, "opened")], Run(before, after).Descriptors.Select(descriptor => (descriptor.Number, descriptor.Change)));
        Assert.Equal("regular /log flags 0100001 at 20", Run(before, after).Descriptors[0].After);
    }

    [Fact]
    public void Files_AreComparedBySizeTimeAndContents()
    {
        var one = new FileDescription("/one", "contents", 100, 5, "file/1");
        JobDescription before = Job(Process(7)) with { Files = [one, one with { Path = "/gone" }, one with { Path = "/same", Content = "" }] };
        JobDescription after = Job(Process(7)) with { Files = [one with { Bytes = 200 }, one with { Path = "/new" }, one with { Path = "/same", Content = "" }] };

        DiffLine line = Run(before, after, ("file/1", [new ChangedRange(0, 0x2000)]));

        Assert.Equal(
            [("/gone", "removed", 100UL, null), ("/new", "added", null, 100UL), ("/one", "changed", 100UL, (ulong?)200UL)],
            line.Files.Select(file => (file.Path, file.Change, file.BytesBefore, file.BytesAfter)));
        Assert.Equal(0x2000UL, line.Files[2].ChangedBytes);
        Assert.Equal(0UL, line.ChangedBytes);
    }

    private static JobDescription Job(params ProcessDescription[] processes) => new(processes, []);

    private static ProcessDescription Process(int pid)
        => new(pid, 1, pid, pid, "a", "/bin/a", "/", false, [new ThreadDescription(pid, "a")], [], [_heap, _shared], [_log]);

    private static DiffLine Run(JobDescription before, JobDescription after, params (string Content, ChangedRange[] Ranges)[] changes)
        => new GenerationDiff(before, after, content => changes.FirstOrDefault(change => change.Content == content).Ranges ?? []).Run("a/1", "a/2");
}
