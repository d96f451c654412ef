using System.Globalization;
using Checkpointer.EndToEnd.Tests.Interop;
using Checkpointer.EndToEnd.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace Checkpointer.EndToEnd.Tests;

/// <summary>
/// A job that appends, rewrites in place, rotates a log and keeps a SQLite database open is killed at moments that nothing marks, and recovered. It checks itself
/// at each of its steps, and ends with the files of an uninterrupted run.
/// </summary>
[Collection(KernelCollection.Name)]
[Trait("kind", "e2e")]
public sealed class LedgerTests(ITestOutputHelper output)
{
    private const int MicrosecondsMax = 150_000;

    /// <summary>Kills. 3 keep the suite short; more are asked for by CHECKPOINTER_ROUNDS.</summary>
    private static int Rounds => Repetition.Rounds(3);

    private static string Script => Path.Combine(Repository.Root, "tests", "RealPrograms", "ledger.py");

    [RootTheory]
    [InlineData("delete")]
    [InlineData("wal")]
    public void Recover_AfterKillsAtAnyMoment_EndsWithTheFilesOfAnUninterruptedRun(string journal)
    {
        var random = Repetition.Chance(output);
        using var session = Session.StartCommand(
            "python3", [Script, "{directory}", journal], text => text.Contains("working", StringComparison.Ordinal));

        for (var round = 0; round < Rounds; round++)
        {
            var generation = session.Cli.Run("dump", Session.RegisteredName).Expect(0).Json.Single().GetProperty("generation").GetString()!;
            Repetition.LetWork(random.Next(MicrosecondsMax));
            session.KillAndRecover(int.Parse(generation.Split('/')[1], CultureInfo.InvariantCulture));
        }

        File.WriteAllText(Path.Combine(session.Directory, "stop"), "");
        var status = session.Job.WaitExit();
        Assert.True(status is { Exited: true, Code: 0 }, $"{status}: {session.Job}");
        var steps = session.Job.Output.Split('\n').Single(line => line.StartsWith("end ", StringComparison.Ordinal))["end ".Length..];
        Assert.Equal(Uninterrupted(journal, steps), session.Job.Output);
    }

    private static string Uninterrupted(string journal, string steps)
    {
        var directory = Directory.CreateTempSubdirectory("checkpointer-e2e-").FullName;
        try
        {
            var written = Path.Combine(directory, "stdout");
            var pid = Spawner.Spawn(new SpawnRequest(
                "python3", [Script, directory, journal, steps], TestJob.Inherited(), written, Path.Combine(directory, "stderr"), directory));
            var status = Child.Reap(pid, Wait.Patience * Rounds, () => "ledger.py"); // it has as much to do as all rounds together
            Assert.True(status is { Exited: true, Code: 0 }, $"{status}: {File.ReadAllText(written)}");
            return File.ReadAllText(written);
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }
}
