using Checkpointer.EndToEnd.Tests.Support;
using Xunit;

namespace Checkpointer.EndToEnd.Tests;

/// <summary>Jobs of many processes, threads, mappings and descriptors; how long they take is for the benchmarks.</summary>
[Collection(KernelCollection.Name)]
[Trait("kind", "e2e")]
[Trait("resource", "tree")]
public sealed class ScaleTests(ProgramFixture programs)
{
    [RootTheory]
    [InlineData(200, 4, 10, 10, 4)]
    [InlineData(1, 1, 20480, 1000, 512)]
    public void Recover_OfLargeJob_FindsAllOfIt(int processes, int threads, int mappings, int descriptors, int rootThreads)
    {
        string[] arguments = ["{directory}/scale", $"{processes}", $"{threads}", $"{mappings}", $"{descriptors}", $"{rootThreads}"];
        using var session = Session.StartCommand(programs.Executable("scale"), arguments, output => output.StartsWith("ready\n", StringComparison.Ordinal));
        session.Dump(1);
        session.KillAndRecover(1);
        session.Dump(2);
        session.KillAndRecover(2);

        session.Finish();
    }

    /// <summary>A third of its 288 MiB again and again, each time in some 20 ms: nothing of that is worth protecting ahead.</summary>
    [RootFact]
    public void Recover_OfAJobThatRewritesItsMemoryAllTheTime_FindsAllOfOneMoment()
    {
        using var session = Session.StartCommand(
            programs.Executable("triad"), ["{directory}/triad", "288", "2", "0", "small"], output => output.StartsWith("ready\n", StringComparison.Ordinal));
        for (var generation = 1; generation <= 4; generation++)
        {
            session.Dump(generation);
        }

        session.KillAndRecover(4);
        session.Finish();
    }

    /// <summary>A full generation, and one of a job that writes all its pages every two seconds.</summary>
    [RootFact]
    public void Series_OfALargeJob_NeedsLessThan512MiB()
    {
        const int mebibytes = 1280;
        string[] arguments = ["{directory}/dirty_rate", $"{mebibytes}", "1", "100", "2000", "scattered", "half"];
        using var session = Session.StartCommand(programs.Executable("dirty_rate"), arguments, output => output.StartsWith("ready\n", StringComparison.Ordinal));
        var run = session.Cli.Start("dump", session.JobName, "--every", "10ms", "--count", "2");
        long peak = 0;
        Wait.Until(
            () =>
            {
                peak = Math.Max(peak, ProcFacts.PeakBytes(run.Pid) ?? 0);
                return run.HasEnded;
            },
            2 * Wait.Patience, () => $"no end: {string.Join('\n', run.Lines)}");

        var dumps = run.Finish().Expect(0).Json;

        Assert.Equal(2, dumps.Count);
        Assert.All(dumps, dump => Assert.InRange(dump.GetProperty("dirty_bytes").GetInt64(), mebibytes / 2L << 20, long.MaxValue));
        Assert.InRange(peak, 16L << 20, 512L << 20);
    }
}
