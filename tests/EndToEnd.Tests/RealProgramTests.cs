using Checkpointer.EndToEnd.Tests.Support;
using Xunit;

namespace Checkpointer.EndToEnd.Tests;

/// <summary>
/// Programs as users run them: dumped, killed and recovered, they write what they write when nothing comes between. One round keeps the suite short; more
/// are asked for by CHECKPOINTER_ROUNDS.
/// </summary>
[Collection(KernelCollection.Name)]
[Trait("kind", "e2e")]
public sealed class RealProgramTests
{
    private static int Rounds => Repetition.Rounds(1);

    public static TheoryData<string> Names => [.. RealProgram.All.Select(program => program.Name)];

    [RootTheory]
    [MemberData(nameof(Names))]
    public void Recover_RoundAfterRound_WritesWhatItWritesUninterrupted(string name)
    {
        var scratch = Directory.CreateTempSubdirectory("checkpointer-real-").FullName;
        try
        {
            var command = RealProgram.All.Single(program => program.Name == name).Prepare(scratch);
            var expected = RealProgram.Reference(command, scratch);
            for (var round = 0; round < Rounds; round++)
            {
                Assert.Equal(expected, Interrupted(command, round, Path.Combine(scratch, "slowly")));
            }
        }
        finally
        {
            Directory.Delete(scratch, recursive: true);
        }
    }

    private static string Interrupted(IReadOnlyList<string> command, int round, string slowly)
    {
        File.WriteAllText(slowly, "");
        using var session = Session.StartCommand(command[0], [.. command.Skip(1), slowly], output => Lines(output) > 5 + round);
        session.Dump(1);
        var before = Lines(session.Job.Output);
        session.Job.WaitForOutput(output => Lines(output) > before + 2, "further step");
        session.Dump(2);
        session.KillAndRecover(2);
        File.Delete(slowly);
        var status = session.Job.WaitExit();
        Assert.True(status is { Exited: true, Code: 0 }, $"{status}: {session.Job}");
        return session.Job.Output;
    }

    private static int Lines(string output) => output.Count(character => character == '\n');
}
