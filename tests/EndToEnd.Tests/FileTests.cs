using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Checkpointer.EndToEnd.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace Checkpointer.EndToEnd.Tests;

/// <summary>Files roll back with memory: a job that writes all the while finds both as they were at its generation.</summary>
[Collection(KernelCollection.Name)]
[Trait("kind", "e2e")]
public sealed class FileTests(ProgramFixture programs, ITestOutputHelper output)
{
    private const string Writer = "file_writer";
    private const int MicrosecondsMax = 60_000;

    /// <summary>Rounds of dump, work, kill and recover. 4 keeps the suite short; more are asked for by CHECKPOINTER_ROUNDS.</summary>
    private static int Rounds => int.TryParse(Environment.GetEnvironmentVariable("CHECKPOINTER_ROUNDS"), out var rounds) ? rounds : 4;

    private static int Seed => int.TryParse(Environment.GetEnvironmentVariable("SEED"), out var seed) ? seed : Environment.TickCount;

    [RootFact]
    public void Recover_AfterKillsAtAnyMoment_FindsFilesAndMemoryAgreed()
    {
        var seed = Seed;
        output.WriteLine($"SEED={seed}");
        var random = new Random(seed);
        using var session = Session.Start(programs, Writer);

        for (var round = 1; round <= Rounds; round++)
        {
            session.Dump(round);
            LetWork(random.Next(MicrosecondsMax));
            var restored = session.KillAndRecover(round);
            Assert.True(restored.GetProperty("files_rolled_back").GetInt32() > 0, $"SEED={seed} round {round}: nothing was put back");
        }

        session.Finish();
    }

    [RootFact]
    public void Recover_OfAJobThatWritesEverywhere_FindsFilesAndMemoryAgreed()
    {
        using var session = Session.Start(programs, Writer);
        File.WriteAllText(session.Job.Scratch + ".wild", "");
        for (var round = 0; round < Rounds; round++)
        {
            var generation = session.Cli.Run("dump", Session.RegisteredName).Expect(0).Json.Single();

            Assert.Empty(generation.GetProperty("notes").EnumerateArray());
            session.KillAndRecover(int.Parse(generation.GetProperty("generation").GetString()!.Split('/')[1], CultureInfo.InvariantCulture));
        }

        session.Finish();
    }

    [RootFact]
    public void Recover_OfASeries_FindsFilesAsOfTheLastGeneration()
    {
        using var session = Session.Start(programs, Writer);
        _ = session.Cli.Run("dump", Session.RegisteredName, "--every", "50ms", "--count", "6").Expect(0);

        session.KillAndRecover(6);
        session.KillAndRestore(3);

        session.Finish();
    }

    [RootFact]
    public void Recover_WithDryRun_TellsAndChangesNothing()
    {
        using var session = Session.Start(programs, Writer);
        session.Dump(1);
        var log = session.Job.Scratch + ".appended";
        var atDump = new FileInfo(log).Length;
        Wait.Until(() => new FileInfo(log).Length > atDump + 4096, Wait.Patience, () => "the job does not go on");
        session.Job.Kill();
        var bytes = new FileInfo(log).Length;

        var planned = session.Cli.Run("recover", Session.RegisteredName, "--dry-run").Expect(0).Json.Single();

        Assert.Equal(("planned", true), (planned.GetProperty("status").GetString(), planned.GetProperty("verified").GetBoolean()));
        var cut = planned.GetProperty("files").EnumerateArray().Single(file => file.GetProperty("path").GetString() == log);
        Assert.Equal("cut", cut.GetProperty("action").GetString());
        Assert.InRange(cut.GetProperty("bytes").GetInt64(), 4096, bytes);
        Assert.Equal(bytes, new FileInfo(log).Length);
        Assert.False(session.Job.IsRunning);
        session.Restored(session.Cli.Run("recover", Session.RegisteredName).Expect(0), 1);
        session.Finish();
    }

    [RootFact]
    public void Recover_WithFilesKept_LeavesThemAndWarns()
    {
        using var session = Session.Start(programs, "compute");
        session.Dump(1);
        session.Job.Kill();
        File.AppendAllText(session.Job.OutputPath, "more\n");

        var restored = session.Restored(session.Cli.Run("recover", Session.RegisteredName, "--keep-files").Expect(3), 1);

        Assert.Equal(0, restored.GetProperty("files_rolled_back").GetInt32());
        Assert.Contains("has", Assert.Single(restored.GetProperty("warnings").EnumerateArray()).GetString(), StringComparison.Ordinal);
        Assert.EndsWith("more\n", File.ReadAllText(session.Job.OutputPath), StringComparison.Ordinal);
    }

    [RootFact]
    public void Policy_OfAPathThatNobodyHasOpen_BringsItBack()
    {
        using var session = Session.StartUnregistered(programs, "compute");
        var input = Path.Combine(session.Directory, "input.d");
        Directory.CreateDirectory(input);
        File.WriteAllText(Path.Combine(input, "one"), "one");
        File.WriteAllText(Path.Combine(input, "two"), "two");
        _ = session.Cli.Run("dump", "--pid", $"{session.Job.Pid}", "--file", Path.Combine(session.Directory, "in*.d")).Expect(0);
        session.Job.Kill();
        File.Delete(Path.Combine(input, "one"));
        File.WriteAllText(Path.Combine(input, "two"), "TWO and more");

        var restored = session.Restored(session.Cli.Run("recover", session.JobName).Expect(0), 1);

        Assert.Equal(("one", "two"), (File.ReadAllText(Path.Combine(input, "one")), File.ReadAllText(Path.Combine(input, "two"))));
        Assert.Equal(["recreated", "rewritten"], Actions(restored, input));
    }

    [RootTheory]
    [InlineData("sizes", 0)]
    [InlineData("refuse", 5)]
    public void Dump_OfAFileOverItsBudget_DoesAsThePolicySays(string over, int code)
    {
        using var session = Session.StartUnregistered(programs, Writer);

        var result = session.Cli.Run("dump", "--pid", $"{session.Job.Pid}", "--file-max", "1M", "--files-over", over).Expect(code);

        var findings = result.Json.Single().GetProperty(code == 0 ? "notes" : "findings").EnumerateArray();
        Assert.Contains(findings, finding => finding.GetProperty("sentence").GetString()!.Contains(".table has ", StringComparison.Ordinal));
        session.AssertUntraced();
        session.Finish();
    }

    private static string[] Actions(JsonElement restored, string below) =>
        [.. restored.GetProperty("files").EnumerateArray().Where(file => file.GetProperty("path").GetString()!.StartsWith(below, StringComparison.Ordinal))
            .OrderBy(file => file.GetProperty("path").GetString(), StringComparer.Ordinal).Select(file => file.GetProperty("action").GetString()!)];

    /// <summary>A moment that nothing in the job marks.</summary>
    private static void LetWork(int microseconds)
    {
        var begun = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(begun).TotalMicroseconds < microseconds)
        {
            Thread.SpinWait(20);
        }
    }
}
