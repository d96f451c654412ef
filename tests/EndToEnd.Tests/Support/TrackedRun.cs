using Checkpointer.Engine;
using Checkpointer.Engine.Support;
using Checkpointer.Engine.Tracking;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Checkpointer.EndToEnd.Tests.Support;

/// <summary>
/// A program that is followed from dump to dump by the engine in this process, with its generations in memory, and the steps
/// that tests of increments are told in.
/// </summary>
internal sealed class TrackedRun : IDisposable
{
    private const string GrowsItsHeap = "wp_brk";

    /// <summary>Write-protect tracking: PAGEMAP_SCAN and WP_ASYNC are in Linux 6.7.</summary>
    private static readonly bool _hasWriteProtect = Environment.OSVersion.Version >= new Version(6, 7);

    private static readonly Lazy<bool> _hasSoftDirty = new(SoftDirtyProbe.Works);

    private readonly string _directory = Directory.CreateTempSubdirectory("checkpointer-e2e-").FullName;
    private readonly EngineOptions _options;
    private TrackedJob _tracked;

    public TrackedRun(ProgramFixture programs, string program, string mode)
    {
        Program = TestProgram.All.Single(candidate => candidate.Name == program);
        _options = DumpMode.Options(mode);
        Engine = new CheckpointEngine(_options, NullLoggerFactory.Instance);
        Job = TestJob.StartProgram(programs.Executable(program), _directory, program);
        _tracked = Engine.Track(new ProcessId(Job.Pid));
    }

    public TestProgram Program { get; }

    public TestJob Job { get; }

    public CheckpointEngine Engine { get; }

    /// <summary>Committed generations, oldest first.</summary>
    public List<MemoryCheckpoint> Generations { get; } = [];

    /// <summary>The generation that the next dump is based on; null before the first.</summary>
    public MemoryCheckpoint? Base => Generations.Count > 0 ? Generations[^1] : null;

    /// <summary>Takes a generation and commits it.</summary>
    public DumpReport Dump()
    {
        var generation = new MemoryCheckpoint(Base);
        var report = DumpTo(generation);
        Commit(generation);
        return report;
    }

    /// <summary>Takes a generation without committing it.</summary>
    public DumpReport DumpTo(ICheckpointSink sink, IProgress<long>? progress = null, CancellationToken cancellation = default)
    {
        try
        {
            return _tracked.Dump(sink, progress, stops: false, cancellation);
        }
        finally
        {
            AssertUntraced();
        }
    }

    /// <summary>Says that the last dump is the base of the next.</summary>
    public void Commit(MemoryCheckpoint generation)
    {
        _tracked.Committed();
        Generations.Add(generation);
    }

    /// <summary>Forgets tracker and base, as the end of the daemon does.</summary>
    public void RestartTracking()
    {
        _tracked.Dispose();
        _tracked = Engine.Track(new ProcessId(Job.Pid));
        Generations.Clear();
    }

    /// <summary>Fails unless a dump on a base cost no more than what had changed, where the kernel can tell.</summary>
    public void ExpectIncremental(DumpReport report)
    {
        var byWriteProtect = _options.WriteProtect && _hasWriteProtect;
        if (!byWriteProtect && !_hasSoftDirty.Value)
        {
            return;
        }

        Assert.Equal("incremental", report.Kind);
        Assert.Equal(byWriteProtect ? "write-protect" : "soft-dirty", report.Tracker);
        // The kernel takes all of a heap that has grown for soft-dirty (VM_SOFTDIRTY).
        if (Program.ChangesLittle && (byWriteProtect || Program.Name != GrowsItsHeap))
        {
            var written = Generations[^1].WrittenBytes;
            // Half of one program is shared, and always taken whole.
            Assert.True(written < report.PopulatedBytes * 3 / 5, $"{written} of {report.PopulatedBytes} bytes were handed over for a small change");
        }
    }

    /// <summary>Kills the program, restores a generation, and lets the program judge what it finds.</summary>
    public void KillRestoreAndJudge(MemoryCheckpoint generation, string what)
    {
        Job.Kill();
        Job.ForgetSteps();
        Engine.Restore(generation, "memory-1", null, default);
        AssertUntraced();
        Finish(what);
    }

    /// <summary>Lets the program judge what its memory holds, and fails unless it passes.</summary>
    public void Finish(string what)
    {
        Job.Go(Program.GoesByFile);
        var status = Job.WaitExit();
        Assert.True(status is { Exited: true, Code: 0 } && Job.Output.EndsWith("PASS\n", StringComparison.Ordinal), $"{what}: {status}: {Job}");
    }

    public void Dispose()
    {
        try
        {
            _tracked.Dispose();
        }
        finally
        {
            Job.Dispose();
            Directory.Delete(_directory, recursive: true);
        }
    }

    private void AssertUntraced()
    {
        Assert.True(Job.IsRunning, $"is gone: {Job}");
        Assert.Equal(0, ProcFacts.Tracer(Job.Pid));
    }
}
