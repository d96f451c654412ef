using System.Text.Json;
using Checkpointer.EndToEnd.Tests.Support;
using Xunit;

namespace Checkpointer.EndToEnd.Tests;

/// <summary>Programs that hold what is not carried: refused by name before they are touched, and unharmed.</summary>
[Collection(KernelCollection.Name)]
[Trait("kind", "e2e")]
public sealed class RefusalTests(ProgramFixture programs)
{
    private const int RefusedByPreflight = 5;
    private const int DoneWithWarnings = 3;

    public static TheoryData<string> Refused => TestProgram.Refused;

    [RootTheory]
    [MemberData(nameof(Refused))]
    public void Check_OfWhatIsNotCarried_NamesIt(string name)
    {
        using var session = Session.StartUnregistered(programs, name);

        var result = session.Cli.Run("check", "--pid", $"{session.Job.Pid}").Expect(RefusedByPreflight);

        var report = result.Json.Single();
        Assert.False(report.GetProperty("can_dump").GetBoolean());
        AssertNamed(name, report);
    }

    [RootTheory]
    [MemberData(nameof(Refused))]
    public void Dump_OfWhatIsNotCarried_RefusesAndLeavesJobAndStoreAlone(string name)
    {
        using var session = Session.StartUnregistered(programs, name);
        session.Register().Expect(DoneWithWarnings);
        var maps = ProcFacts.Maps(session.Job.Pid);
        var descriptors = ProcFacts.Descriptors(session.Job.Pid);

        var result = session.Cli.Run("dump", session.JobName).Expect(RefusedByPreflight);

        AssertNamed(name, result.Json.Single());
        session.AssertUntraced();
        Assert.Equal(maps, ProcFacts.Maps(session.Job.Pid));
        Assert.Equal(descriptors, ProcFacts.Descriptors(session.Job.Pid));
        Assert.Empty(session.Cli.Run("generations", session.JobName).Expect(0).Json);
        session.Finish();
    }

    [RootFact]
    public void Dump_OfWhatIsLostAtARestore_NotesIt()
    {
        using var session = Session.StartWithStore(programs, "sock_raw_netlink");

        var notes = session.Cli.Run("dump", "--pid", $"{session.Job.Pid}").Expect(0).Json.Single().GetProperty("notes");

        Assert.Contains("with packets that were not read", $"{notes}", StringComparison.Ordinal);
        session.Finish();
    }

    private static void AssertNamed(string name, JsonElement report)
    {
        var word = TestProgram.All.Single(program => program.Name == name).RefusedFor!;
        var refusals = report.GetProperty("findings").EnumerateArray()
            .Where(finding => finding.GetProperty("severity").GetString() == "refusal")
            .Select(finding => finding.GetProperty("sentence").GetString()!);
        Assert.Contains(refusals, sentence => sentence.Contains(word, StringComparison.OrdinalIgnoreCase));
    }
}
