using Checkpointer.EndToEnd.Tests.Interop;
using Checkpointer.EndToEnd.Tests.Support;
using Xunit;

namespace Checkpointer.EndToEnd.Tests;

/// <summary>The programs and the means of the tests by themselves, without any checkpoint: what fails here is no fault of
/// the code under test.</summary>
[Collection(KernelCollection.Name)]
[Trait("kind", "e2e")]
public sealed class HarnessTests(ProgramFixture programs) : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("checkpointer-e2e-").FullName;

    public static TheoryData<string> Programs => [.. TestProgram.All.Select(program => program.Name)];

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Theory]
    [MemberData(nameof(Programs))]
    public void Program_Undisturbed_Passes(string name)
    {
        using var job = TestJob.StartProgram(programs.Executable(name), _directory, name);

        job.Go(TestProgram.All.Single(program => program.Name == name).GoesByFile);

        Assert.Equal(0, job.WaitExit().Raw);
        Assert.EndsWith("\nPASS\n", "\n" + job.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void Program_WhoseStateIsSpoiled_Fails()
    {
        using var job = TestJob.StartProgram(programs.Executable("fd_offsets"), _directory, "fd_offsets");
        File.AppendAllText(job.Scratch + ".log", "an intruder");

        job.Go(byFile: false);

        Assert.Equal(1, job.WaitExit().Code);
        Assert.Contains("FAIL: log holds", job.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void Disposal_OfATree_LeavesNoProcess()
    {
        List<int> before = [.. ProcFacts.All()];
        using (TestJob.StartProgram(programs.Executable("fork_tree"), _directory, "fork_tree"))
        {
            Assert.True(ProcFacts.All().Except(before).Count() >= 4);
        }

        Assert.DoesNotContain(ProcFacts.All().Except(before), IsFromHere);
    }

    [Fact]
    public void Signal_ToGroupsOrEverybody_IsRefused()
    {
        Assert.All([-1, 0, 1, Environment.ProcessId], pid => Assert.Throws<ArgumentOutOfRangeException>(() => Child.Signal(pid, 0)));
    }

    private bool IsFromHere(int pid)
    {
        try
        {
            return File.ReadAllText($"/proc/{pid}/cmdline").Contains(_directory, StringComparison.Ordinal);
        }
        catch (IOException)
        {
            return false;
        }
    }
}
