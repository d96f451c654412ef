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
    [InlineData("a tree of 200 processes with 4 threads each", 200, 4, 10, 10, 4)]
    [InlineData("20480 mappings, 1000 descriptors, 512 threads in one process", 1, 1, 20480, 1000, 512)]
    public void Recover_OfLargeJob_FindsAllOfIt(string what, int processes, int threads, int mappings, int descriptors, int rootThreads)
    {
        string[] arguments = ["{directory}/scale", $"{processes}", $"{threads}", $"{mappings}", $"{descriptors}", $"{rootThreads}"];
        using var session = Session.StartCommand(programs.Executable("scale"), arguments, output => output.StartsWith("ready\n", StringComparison.Ordinal));
        session.Dump(1);
        session.KillAndRecover(1);
        session.Dump(2);
        session.KillAndRecover(2);

        session.Job.Go(byFile: false);
        var status = session.Job.WaitExit();

        Assert.True(status is { Exited: true, Code: 0 } && session.Job.Output.EndsWith("PASS\n", StringComparison.Ordinal), $"{what}: {status}: {session.Job}");
    }
}
