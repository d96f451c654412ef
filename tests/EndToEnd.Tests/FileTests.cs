using System.Globalization;
using System.Text.Json;
using Checkpointer.EndToEnd.Tests.Interop;
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
    private static int Rounds => Repetition.Rounds(4);

    [RootFact]
    public void Recover_AfterKillsAtAnyMoment_FindsFilesAndMemoryAgreed()
    {
        var random = Repetition.Chance(output);
        using var session = Session.Start(programs, Writer);

        for (var round = 1; round <= Rounds; round++)
        {
            var generation = session.Cli.Run("dump", Session.RegisteredName).Expect(0).Json.Single();
            Repetition.LetWork(random.Next(MicrosecondsMax));
            var restored = session.KillAndRecover(NumberOf(generation));
            Assert.True(restored.GetProperty("files_rolled_back").GetInt32() > 0, $"round {round}: nothing was put back");
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
            session.KillAndRecover(NumberOf(generation));
        }

        session.Finish();
    }

    [RootFact]
    public void Recover_OfASeries_FindsFilesAsOfTheLastGeneration()
    {
        using var session = Session.Start(programs, Writer);
        var generations = session.Cli.Run("dump", Session.RegisteredName, "--every", "50ms", "--count", "6").Expect(0).Json.Select(NumberOf).ToList();

        session.KillAndRecover(generations[5]);
        session.KillAndRestore(generations[2]);

        session.Finish();
    }

    [RootFact]
    public void Recover_KilledAtAnyMoment_SucceedsWhenRepeated()
    {
        const int Milliseconds = 500; // longer than a recovery takes on a quiet machine
        var random = Repetition.Chance(output);
        using var session = Session.Start(programs, Writer);
        var generation = NumberOf(session.Cli.Run("dump", Session.RegisteredName).Expect(0).Json.Single());
        for (var round = 0; round < Rounds; round++)
        {
            Repetition.LetWork(MicrosecondsMax);
            session.Job.Kill();
            var run = session.Cli.Start("recover", Session.RegisteredName);
            Repetition.LetWork(random.Next(Milliseconds) * 1000);
            run.Kill();
            session.Job.Kill(); // also where it is half made, and dead with its maker: init, which reaps it, are we
            session.Restored(session.Cli.Run("recover", Session.RegisteredName).Expect(0), generation);
        }

        session.Finish();
    }

    [RootFact]
    public void Recover_WithDryRun_TellsAndChangesNothing()
    {
        using var session = Session.Start(programs, Writer);
        var generation = NumberOf(session.Cli.Run("dump", Session.RegisteredName).Expect(0).Json.Single());
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
        session.Restored(session.Cli.Run("recover", Session.RegisteredName).Expect(0), generation);
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

    [RootFact]
    public void Policy_OfADirectory_BringsItsFilesBackAndLeavesTheRest()
    {
        const int Files = 300;
        using var session = Session.StartUnregistered(programs, "compute");
        var root = Directory.CreateDirectory(Path.Combine(session.Directory, "restarts")).FullName;
        var files = Enumerable.Range(0, Files).ToDictionary(i => Path.Combine(root, $"{i % 7}", $"{i % 3}", $"{i}"), i => $"{i}:" + new string((char)('a' + (i % 26)), i * 40));
        foreach (var (path, text) in files)
        {
            _ = Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllText(path, text);
        }

        var outside = Path.Combine(session.Directory, "outside");
        File.WriteAllText(outside, "before");
        _ = File.CreateSymbolicLink(Path.Combine(root, "link"), outside);
        Assert.Equal(0, Libc.mkfifo(Path.Combine(root, "fifo"), 0x180));
        _ = session.Cli.Run("dump", "--pid", $"{session.Job.Pid}", "--file", root).Expect(0);
        session.Job.Kill();
        File.WriteAllText(outside, "after");
        foreach (var (path, number) in files.Keys.Select((path, number) => (path, number)))
        {
            Spoil(path, number % 4);
        }

        var restored = session.Restored(session.Cli.Run("recover", session.JobName).Expect(0), 1);

        Assert.All(files, file => Assert.Equal(file.Value, File.ReadAllText(file.Key)));
        Assert.Equal(Files * 3 / 4, Actions(restored, root).Length);
        Assert.Equal("after", File.ReadAllText(Path.Combine(root, "link")));
        Assert.True(File.Exists(Path.Combine(root, "fifo")));
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

    [LoopDiskFact("xfs")]
    public void Dump_OnAFileSystemWithClones_Xfs_NeedsNoCopyOfABusyFile() => DumpWithClones("xfs");

    [LoopDiskFact("btrfs")]
    public void Dump_OnAFileSystemWithClones_Btrfs_NeedsNoCopyOfABusyFile() => DumpWithClones("btrfs");

    private void DumpWithClones(string kind)
    {
        var directory = Directory.CreateTempSubdirectory("checkpointer-e2e-").FullName;
        try
        {
            using var disk = new LoopDisk(directory, kind);
            using var job = TestJob.StartProgram(programs.Executable(Writer), disk.Directory, Writer);
            var cli = new Cli(directory);
            File.WriteAllText(job.Scratch + ".wild", "");
            // Too little to copy the table, which is of 16 MiB.
            var generation = cli.Run("dump", "--pid", $"{job.Pid}", "--frozen-max", "8M", "--files-over", "refuse").Expect(0).Json.Single();
            output.WriteLine($"{kind}: {generation}");
            job.Kill();

            _ = cli.Run("recover", $"pid-{job.Pid}").Expect(0);

            job.Go(byFile: false);
            job.WaitForLine("PASS");
            _ = job.WaitExit();
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    /// <summary>Attempts of which a file was too busy have spent numbers.</summary>
    private static int NumberOf(JsonElement generation) => int.Parse(generation.GetProperty("generation").GetString()!.Split('/')[1], CultureInfo.InvariantCulture);

    private static string[] Actions(JsonElement restored, string below) =>
        [.. restored.GetProperty("files").EnumerateArray().Where(file => file.GetProperty("path").GetString()!.StartsWith(below, StringComparison.Ordinal))
            .OrderBy(file => file.GetProperty("path").GetString(), StringComparer.Ordinal).Select(file => file.GetProperty("action").GetString()!)];

    /// <summary>Changes a file in one of three ways, or not.</summary>
    private static void Spoil(string path, int way)
    {
        switch (way)
        {
            case 0:
                File.Delete(path);
                break;
            case 1:
                File.WriteAllText(path, "spoilt");
                break;
            case 2:
                File.AppendAllText(path, "more");
                break;
        }
    }
}
