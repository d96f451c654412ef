using Checkpointer.EndToEnd.Tests.Support;
using Xunit;

namespace Checkpointer.EndToEnd.Tests;

/// <summary>Processes that cannot be jobs and places that cannot hold a store: a sentence, the exit code, nothing changed.</summary>
[Collection(KernelCollection.Name)]
[Trait("kind", "e2e")]
public sealed class BadInputTests(ProgramFixture programs) : IDisposable
{
    private const int Failed = 1;
    private const int Usage = 2;

    private readonly string _directory = Directory.CreateTempSubdirectory("checkpointer-e2e-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [RootTheory]
    [InlineData("check")]
    [InlineData("dump")]
    [InlineData("register")]
    public void Verb_OnPidThatDoesNotExist_NamesIt(string verb)
    {
        int pid;
        using (var job = TestJob.StartProgram(programs.Executable("compute"), _directory, "gone"))
        {
            pid = job.Pid;
        }

        AssertRefused(verb, pid);
    }

    [RootTheory]
    [InlineData("check")]
    [InlineData("dump")]
    [InlineData("register")]
    public void Verb_OnInit_Refuses(string verb) => AssertRefused(verb, 1);

    [KernelThreadTheory]
    [InlineData("check")]
    [InlineData("dump")]
    [InlineData("register")]
    public void Verb_OnKernelThread_Refuses(string verb) => AssertRefused(verb, KernelThreadTheoryAttribute.Find()!.Value);

    [RootTheory]
    [InlineData("check")]
    [InlineData("dump")]
    [InlineData("register")]
    public void Verb_OnItself_Refuses(string verb)
    {
        using var session = Session.Start(programs, "compute");

        // The shell becomes the program, so its $$ is the program's PID.
        var run = session.Cli.StartProgram(
            ["sh", "-c", "exec \"$@\" --pid $$", "sh", .. Cli.Program, .. Named(verb), "--json", "--store", session.Cli.Store]);

        AssertRefused(session, run.Finish(), run.Pid);
    }

    [RootFact]
    public void Verb_WithMalformedArguments_IsAUsageError()
    {
        var cli = new Cli(_directory);

        Assert.All(
            new string[][] { ["dump"], ["dump", "--pid", "many"], ["register", "bad/name", "--pid", "5"], ["launch"], ["show", "nonsense"] },
            arguments => cli.Run(arguments).Expect(Usage));

        Assert.False(Directory.Exists(cli.Store));
    }

    [RootFact]
    public void Dump_OntoFullDisk_FailsAndLeavesJobAndStoreWhole()
    {
        using var session = Session.StartUnregistered(programs, "mem_random");
        using var disk = new SmallDisk(session.Directory, mebibytes: 12);
        session.Cli.Store = Path.Combine(disk.Directory, "store");
        session.Register().Expect(0);

        var answer = session.Cli.Run("dump", session.JobName).Expect(Failed).Json.Single();

        Assert.Contains("space", answer.GetProperty("error").GetString(), StringComparison.OrdinalIgnoreCase);
        session.AssertUntraced();
        Assert.Empty(session.Cli.Run("generations", session.JobName).Expect(0).Json);
        Assert.True(session.Cli.Run("verify").Expect(0).Json.Single().GetProperty("good").GetBoolean());
        session.Finish();
    }

    [RootFact]
    public void Dump_IntoReadOnlyStore_FailsAndLeavesTheJobAlone()
    {
        using var session = Session.StartUnregistered(programs, "compute");
        using var disk = new SmallDisk(session.Directory, mebibytes: 32);
        session.Cli.Store = Path.Combine(disk.Directory, "store");
        session.Register().Expect(0);
        disk.MakeReadOnly();

        var answer = session.Cli.Run("dump", session.JobName).Expect(Failed).Json.Single();

        Assert.Contains(session.Cli.Store, answer.GetProperty("error").GetString(), StringComparison.Ordinal);
        session.AssertUntraced();
        session.Finish();
    }

    [RootFact]
    public void Register_InPlaceThatCannotHoldAStore_Fails()
    {
        using var session = Session.StartUnregistered(programs, "compute");
        var file = Path.Combine(session.Directory, "a-file");
        File.WriteAllText(file, "x");
        session.Cli.Store = Path.Combine(file, "store");

        session.Register().Expect(Failed);

        Assert.Equal("x", File.ReadAllText(file));
        session.Finish();
    }

    [RootFact]
    public void Register_InDirectoryThatIsNoStore_RefusesAndWritesNothing()
    {
        using var session = Session.StartUnregistered(programs, "compute");
        session.Cli.Store = Directory.CreateDirectory(Path.Combine(session.Directory, "photos")).FullName;
        File.WriteAllText(Path.Combine(session.Cli.Store, "holiday.jpg"), "x");

        session.Register().Expect(Failed);

        Assert.Equal(["holiday.jpg"], Directory.EnumerateFileSystemEntries(session.Cli.Store).Select(Path.GetFileName));
        session.Finish();
    }

    private static string[] Named(string verb) => verb == "register" ? [verb, "name"] : [verb];

    // With a store that has another job, because without one some verbs would not look at the PID at all.
    private void AssertRefused(string verb, int pid)
    {
        using var session = Session.Start(programs, "compute");

        AssertRefused(session, session.Cli.Run([.. Named(verb), "--pid", $"{pid}"]), pid);
    }

    private static void AssertRefused(Session session, CliResult result, int pid)
    {
        var error = result.Expect(Failed).Json[^1].GetProperty("error").GetString();
        Assert.Contains($"{pid}", error, StringComparison.Ordinal);
        Assert.Equal(session.JobName, session.Cli.Run("jobs").Expect(0).Json.Single().GetProperty("job").GetString());
    }
}
