using Checkpointer.EndToEnd.Tests.Support;
using Xunit;

namespace Checkpointer.EndToEnd.Tests;

/// <summary>Users at the socket of a service: they see and command what is theirs, and nothing else of anybody's.</summary>
[Collection(KernelCollection.Name)]
[Trait("kind", "e2e")]
public sealed class UserTests(ProgramFixture programs)
{
    private const string Nobody = "65534";
    private const string Other = "65533";
    private const string Name = Session.RegisteredName;

    [RootFactWith("setpriv")]
    public void User_CannotReachJobsOfOthers()
    {
        using var session = Session.Start(programs, "nanosleep");
        OpenWay(session.Directory);
        using var service = Service.Of(session.Cli);
        _ = session.Cli.Run("dump", Name).Expect(0);

        Assert.Empty(As(Nobody, session, "status").Expect(0).Json);
        string[][] attempts =
        [
            ["status", Name], ["events", Name], ["dump", Name], ["dump", Name, "--stop"], ["recover", Name], ["restore", $"{Name}/1"], ["restore", $"{Name}/latest"],
            ["pause", Name], ["resume", Name], ["unregister", Name], ["register", "mine", "--pid", $"{session.Job.Pid}"], ["register", Name, "--pid", $"{session.Job.Pid}"],
            ["generations", Name], ["show", $"{Name}/1"], ["verify"], ["forget", Name, "--keep-last", "1"], ["gc"], ["jobs"], ["stats"], ["pin", $"{Name}/1"],
        ];
        Assert.All(attempts, attempt => Assert.NotEqual(0, As(Nobody, session, attempt).ExitCode));
        Assert.All(
            Directory.EnumerateFileSystemEntries(session.Cli.Store, "*", SearchOption.AllDirectories).Where(entry => !entry.EndsWith("control.sock", StringComparison.Ordinal)),
            entry => Assert.Equal(UnixFileMode.None, File.GetUnixFileMode(entry) & (UnixFileMode)0b111_111));

        session.AssertUntraced();
        Assert.Equal("running", service.Status(Name).GetProperty("state").GetString());
        Assert.Equal(1, service.Newest(Name));
        session.Finish();
    }

    [RootFactWith("setpriv")]
    public void User_CommandsJobsOfTheirOwn()
    {
        using var session = Session.StartWithStore(programs, "compute");
        OpenWay(session.Directory);
        using var service = Service.Of(session.Cli);
        var scratch = Directory.CreateDirectory(Path.Combine(session.Directory, "own")).FullName;
        File.SetUnixFileMode(scratch, (UnixFileMode)0b111_111_111);
        using var job = TestJob.Start("setpriv", ["--reuid", Nobody, "--regid", Nobody, "--clear-groups", "sleep", "1000"], scratch, "own");
        Wait.Until(() => ProcFacts.Status(job.Pid, "Uid").StartsWith(Nobody, StringComparison.Ordinal), Wait.Patience, () => "it stays root");

        _ = As(Nobody, session, "register", "own", "--pid", $"{job.Pid}", "--on-crash", "auto").Expect(0);
        Assert.Equal("own/1", As(Nobody, session, "dump", "own").Expect(0).Json.Single().GetProperty("generation").GetString());
        Assert.Equal("own", As(Nobody, session, "status").Expect(0).Json.Single().GetProperty("job").GetString());
        Assert.NotEqual(0, As(Other, session, "dump", "own").ExitCode);
        Assert.NotEqual(0, As(Other, session, "status", "own").ExitCode);
        _ = As(Nobody, session, "pause", "own").Expect(0);

        // What the service would run or read as root is not theirs to say.
        _ = As(Nobody, session, "unregister", "own").Expect(0);
        Assert.NotEqual(0, As(Nobody, session, "register", "own", "--pid", $"{job.Pid}", "--file", "/etc/shadow").ExitCode);
        Assert.NotEqual(0, As(Other, session, "register", "own", "--pid", $"{job.Pid}").ExitCode);
        session.Finish();
    }

    private static CliResult As(string user, Session session, params string[] arguments) => session.Cli.StartProgram(
        ["setpriv", "--reuid", user, "--regid", user, "--clear-groups", "env", "HOME=/", .. Cli.Program, .. arguments, "--json", "--store", session.Cli.Store]).Finish();

    /// <summary>Users may pass through the test's directory, as they may through /var/lib.</summary>
    private static void OpenWay(string directory) => File.SetUnixFileMode(directory, (UnixFileMode)0b111_001_001);
}
