using System.Globalization;
using System.Text.Json;
using Checkpointer.EndToEnd.Tests.Interop;
using Checkpointer.EndToEnd.Tests.Support;
using Xunit;

namespace Checkpointer.EndToEnd.Tests;

/// <summary><c>dump --every</c> on a job that checks every page that it has, with a real store.</summary>
[Collection(KernelCollection.Name)]
[Trait("kind", "e2e")]
public sealed class RepeatedDumpTests(ProgramFixture programs)
{
    private const int Failed = 1;
    private const int Cancelled = 130;
    private const string Program = "dirty_random";

    /// <summary>Generations of the long test. 8 keeps the suite short; CHECKPOINTER_ROUNDS=50 asks for more.</summary>
    private static int Rounds => Repetition.Rounds(8);

    [RootFact]
    public void Restore_OfEachOfManyIncrementalGenerations_FindsEveryPageRight()
    {
        using var session = Session.Start(programs, Program);
        var dumps = session.Cli.Run("dump", session.JobName, "--every", "100ms", "--count", $"{Rounds}").Expect(0).Json;

        Assert.Equal(Enumerable.Range(1, Rounds).Select(number => $"{session.JobName}/{number}"), dumps.Select(Name));
        session.AssertUntraced();
        Assert.True(session.Cli.Run("verify").Expect(0).Json.Single().GetProperty("good").GetBoolean());

        // Newest first: files only ever grow with time, and a restore cuts what was appended later.
        for (var number = Rounds; number > 0; number--)
        {
            session.KillAndRestore(number);
            session.Finish();
        }
    }

    [RootFact]
    public void Series_OfJobThatEnds_EndsWell()
    {
        using var session = Session.Start(programs, Program);
        var run = session.Cli.Start("dump", session.JobName, "--every", "50ms");
        WaitForLines(run, 3);

        session.Finish();

        var result = run.Finish().Expect(0);
        Assert.All(result.Json, line => Assert.Equal(JsonValueKind.String, line.GetProperty("generation").ValueKind));
    }

    [RootFact]
    public void Series_Interrupted_LeavesJobAndStoreWhole()
    {
        using var session = Session.Start(programs, Program);
        for (var round = 0; round < 3; round++)
        {
            var run = session.Cli.Start("dump", session.JobName, "--every", "1ms");
            WaitForLines(run, 2 + round);
            Assert.True(Child.Signal(run.Pid, Libc.SIGINT));

            run.Finish().Expect(Cancelled);

            session.AssertUntraced();
        }

        Assert.True(session.Cli.Run("verify").Expect(0).Json.Single().GetProperty("good").GetBoolean());
        session.KillAndRestore(LatestNumber(session));
        session.Finish();
    }

    [RootFact]
    public void Series_WithStop_CanBeRecovered()
    {
        using var session = Session.Start(programs, Program);

        session.Cli.Run("dump", session.JobName, "--every", "50ms", "--count", "3", "--stop").Expect(0);

        Wait.Until(() => !session.Job.IsRunning, Wait.Patience, () => $"was not stopped: {session.Job}");
        session.KillAndRecover(3);
        session.Finish();
    }

    [RootFact]
    public void Series_OntoADiskThatFills_TellsAndGoesOnWhenThereIsSpace()
    {
        using var session = Session.StartUnregistered(programs, Program);
        using var disk = new SmallDisk(session.Directory, mebibytes: 192);
        var ballast = Path.Combine(disk.Directory, "ballast");
        File.WriteAllBytes(ballast, new byte[128 << 20]);
        session.Cli.Store = Path.Combine(disk.Directory, "store");
        session.Register().Expect(0);
        var run = session.Cli.Start("dump", session.JobName, "--every", "20ms");

        Wait.Until(() => run.HasEnded || Errors(run).Count > 1, Wait.Patience, () => $"the disk does not fill: {string.Join('\n', run.Lines)}");
        Assert.All(Errors(run), error => Assert.Contains("space", error, StringComparison.OrdinalIgnoreCase));
        session.AssertUntraced();
        var before = Generations(run);
        File.Delete(ballast);
        Wait.Until(() => run.HasEnded || Generations(run) > before, Wait.Patience, () => $"does not go on: {string.Join('\n', run.Lines)}");
        Assert.False(run.HasEnded, $"ended: {string.Join('\n', run.Lines)}");
        _ = Child.Signal(run.Pid, Libc.SIGINT);
        run.Finish().Expect(Cancelled);

        Assert.True(before > 0, "no generation fitted");
        Assert.True(session.Cli.Run("verify").Expect(0).Json.Single().GetProperty("good").GetBoolean());
        session.KillAndRestore(LatestNumber(session));
        session.Finish();
        session.KillAndRestore(1);
        session.Finish();
    }

    [RootFact]
    public void Series_OntoADiskThatIsFull_EndsWithTheReason()
    {
        using var session = Session.StartUnregistered(programs, Program);
        using var disk = new SmallDisk(session.Directory, mebibytes: 12);
        session.Cli.Store = Path.Combine(disk.Directory, "store");
        session.Register().Expect(0);

        var answers = session.Cli.Run("dump", session.JobName, "--every", "10ms", "--count", "3").Expect(Failed).Json;

        Assert.Equal(3, answers.Count);
        Assert.All(answers, answer => Assert.Contains("space", answer.GetProperty("error").GetString(), StringComparison.OrdinalIgnoreCase));
        session.AssertUntraced();
        session.Finish();
    }

    private static string Name(JsonElement line) => line.GetProperty("generation").GetString()!;

    private static List<string> Errors(CliRun run) =>
        [.. run.Lines.Select(line => JsonDocument.Parse(line).RootElement)
            .Where(line => line.TryGetProperty("error", out _)).Select(line => line.GetProperty("error").GetString()!)];

    private static int Generations(CliRun run) => run.Lines.Count - Errors(run).Count;

    private static void WaitForLines(CliRun run, int count)
    {
        Wait.Until(() => run.Lines.Count >= count || run.HasEnded, Wait.Patience, () => $"only {run.Lines.Count} lines");
        Assert.False(run.HasEnded, $"ended: {string.Join('\n', run.Lines)}");
    }

    private static int LatestNumber(Session session) =>
        int.Parse(Name(session.Cli.Run("generations", session.JobName).Expect(0).Json[^1]).Split('/')[1], CultureInfo.InvariantCulture);
}
