using System.Text.Json;
using Xunit;

namespace Checkpointer.EndToEnd.Tests.Support;

/// <summary>
/// One job under test with a store of its own in a temporary directory, and the steps that tests are told in: register,
/// dump, kill, recover, finish. Everything is gone after disposal.
/// </summary>
internal sealed class Session : IDisposable
{
    /// <summary>Name under which a job is registered.</summary>
    public const string RegisteredName = "job";

    private readonly TestProgram? _program;
    private bool _isRegistered;

    private Session(string directory, TestJob job, TestProgram? program)
    {
        Directory = directory;
        Job = job;
        Cli = new Cli(directory);
        _program = program;
    }

    /// <summary>Temporary directory with the store, the job's files and what the command line wrote.</summary>
    public string Directory { get; }

    /// <summary>The job.</summary>
    public TestJob Job { get; }

    /// <summary>Its name in the store: that of its registration, or what <c>dump --pid</c> gives it.</summary>
    public string JobName => _isRegistered ? RegisteredName : $"pid-{Job.Pid}";

    /// <summary>The command line.</summary>
    public Cli Cli { get; }

    /// <summary>Starts a self-verifying program, waits until it is ready and registers it.</summary>
    public static Session Start(ProgramFixture programs, string name)
    {
        var session = StartUnregistered(programs, name);
        return session.RegisterOrDispose();
    }

    /// <summary>Starts a self-verifying program and waits until it is ready.</summary>
    public static Session StartUnregistered(ProgramFixture programs, string name)
    {
        var program = TestProgram.All.Single(program => program.Name == name);
        var directory = NewDirectory();
        return new Session(directory, TestJob.StartProgram(programs.Executable(name), directory, name), program);
    }

    /// <summary>Starts a self-verifying program and waits until it is ready; there is a store without jobs.</summary>
    public static Session StartWithStore(ProgramFixture programs, string name)
    {
        var session = StartUnregistered(programs, name);
        programs.CopyEmptyStore(session.Cli.Store);
        return session;
    }

    /// <summary>Starts a self-verifying program in a cgroup of its own, waits until it is ready and registers the cgroup.</summary>
    public static Session StartInCgroup(ProgramFixture programs, string name, string cgroup)
    {
        var program = TestProgram.All.Single(program => program.Name == name);
        var directory = NewDirectory();
        var job = TestJob.Start(programs.Executable(name), [Path.Combine(directory, name), cgroup], directory, name);
        var session = new Session(directory, job, program);
        try
        {
            job.WaitForLine("ready");
            session._isRegistered = true;
            _ = session.Cli.Run("register", RegisteredName, "--cgroup", cgroup).Expect(0);
            return session;
        }
        catch
        {
            session.Dispose();
            throw;
        }
    }

    /// <summary>Starts any command and registers it when its output is as wanted. The arguments may hold
    /// <c>{directory}</c>.</summary>
    public static Session StartCommand(string file, IReadOnlyList<string> arguments, Func<string, bool> isReady)
    {
        var directory = NewDirectory();
        var job = TestJob.Start(file, [.. arguments.Select(argument => argument.Replace("{directory}", directory, StringComparison.Ordinal))], directory, file);
        var session = new Session(directory, job, program: null);
        try
        {
            job.WaitForOutput(isReady, "output that shows it at work");
        }
        catch
        {
            session.Dispose();
            throw;
        }

        return session.RegisterOrDispose();
    }

    /// <summary>Registers the job in the store, which is made.</summary>
    public CliResult Register()
    {
        _isRegistered = true;
        return Cli.Run("register", RegisteredName, "--pid", $"{Job.Pid}");
    }

    /// <summary>Takes a generation; the first of a job that is not registered names its PID. Returns the object of
    /// <c>--json</c>.</summary>
    public JsonElement Dump(int number)
    {
        string[] target = _isRegistered || number > 1 ? [JobName] : ["--pid", $"{Job.Pid}"];
        var result = Cli.Run(["dump", .. target, .. _program?.DumpOptions ?? []]).Expect(0).Json.Single();
        Assert.Equal($"{JobName}/{number}", result.GetProperty("generation").GetString());
        AssertUntraced();
        return result;
    }

    /// <summary>Kills the job and recovers its newest generation, which must have the number.</summary>
    /// <param name="number">The number.</param>
    /// <param name="between">What happens when the job is gone.</param>
    public JsonElement KillAndRecover(int number, Action? between = null)
    {
        Job.Kill();
        between?.Invoke();
        return Restored(Cli.Run("recover", "--latest", JobName).Expect(0), number);
    }

    /// <summary>Kills the job and restores one generation.</summary>
    public JsonElement KillAndRestore(int number)
    {
        Job.Kill();
        return Restored(Cli.Run("restore", $"{JobName}/{number}").Expect(0), number);
    }

    /// <summary>Checks what a restore said, and that the process is there again under its PID.</summary>
    public JsonElement Restored(CliResult result, int number)
    {
        var restored = result.Json.Single();
        Assert.Equal("restored", restored.GetProperty("status").GetString());
        Assert.Equal($"{JobName}/{number}", restored.GetProperty("generation").GetString());
        Assert.True(restored.GetProperty("pid").GetInt32() == Job.Pid, $"not under PID {Job.Pid}: {result}");
        AssertUntraced();
        return restored;
    }

    /// <summary>Kills the job and restores one generation into a PID namespace; from here on the job is that one.</summary>
    public JsonElement KillAndRestoreInside(int number)
    {
        Job.Kill();
        return RestoredInside(Cli.Run("restore", $"{JobName}/{number}", "--pid-namespace", "always").Expect(0));
    }

    /// <summary>Checks what a restore into a PID namespace said, and follows the job there.</summary>
    public JsonElement RestoredInside(CliResult result)
    {
        var restored = result.Json.Single();
        Assert.Equal("restored", restored.GetProperty("status").GetString());
        Assert.Contains("pid", restored.GetProperty("namespaces").EnumerateArray().Select(name => name.GetString()));
        Job.Follow(restored.GetProperty("pid").GetInt32());
        AssertUntraced();
        return restored;
    }

    /// <summary>Tells the program to verify itself and fails unless it passes.</summary>
    public void Finish()
    {
        Job.Go(_program is { GoesByFile: true });
        var status = Job.WaitExit();
        Assert.True(status is { Exited: true, Code: 0 } && Job.Output.EndsWith("PASS\n", StringComparison.Ordinal), $"{status}: {Job}");
    }

    /// <summary>Fails unless the job is there and nobody traces any of its threads.</summary>
    public void AssertUntraced()
    {
        Assert.True(Job.IsRunning, $"is gone: {Job}");
        Assert.Equal(0, ProcFacts.Tracer(Job.Pid));
        Assert.NotEqual("T", Job.State);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Job.Dispose();
        System.IO.Directory.Delete(Directory, recursive: true);
    }

    private static string NewDirectory() => System.IO.Directory.CreateTempSubdirectory("checkpointer-e2e-").FullName;

    private Session RegisterOrDispose()
    {
        try
        {
            _ = Register().Expect(0);
            return this;
        }
        catch
        {
            Dispose();
            throw;
        }
    }
}
