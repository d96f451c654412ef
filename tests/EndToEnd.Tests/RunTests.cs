using Checkpointer.EndToEnd.Tests.Interop;
using Checkpointer.EndToEnd.Tests.Support;
using Xunit;

namespace Checkpointer.EndToEnd.Tests;

/// <summary><c>run</c>, with a service and without: starts, survives crashes, stops for the batch system, goes on, and has the job's exit code.</summary>
[Collection(KernelCollection.Name)]
[Trait("kind", "e2e")]
public sealed class RunTests : IDisposable
{
    private const int Terminate = 15; // SIGTERM
    private const int Stopped = 85;

    private readonly string _directory = Directory.CreateTempSubdirectory("checkpointer-e2e-").FullName;
    private readonly ProgramFixture _programs;
    private readonly Cli _cli;

    public RunTests(ProgramFixture programs)
    {
        _programs = programs;
        _cli = new Cli(_directory);
    }

    private string Scratch => Path.Combine(_directory, "compute");

    public void Dispose()
    {
        foreach (var pid in ProcFacts.All().Where(IsOurs))
        {
            _ = Child.Signal(pid, Libc.SIGKILL);
        }

        Wait.Until(() => !ProcFacts.All().Any(IsOurs), Wait.Patience, () => "a job stays");
        Directory.Delete(_directory, recursive: true);
    }

    [RootTheory]
    [InlineData(false)]
    [InlineData(true)]
    public void ExitCode_IsThatOfTheJob(bool isServed)
    {
        using var service = isServed ? Service.Of(_cli) : null;

        Assert.Equal(0, Run("--", "true").Finish().ExitCode);
        Assert.Equal(7, Run("--", "sh", "-c", "exit 7").Finish().ExitCode);
        Assert.Equal(128 + Terminate, Run("--", "sh", "-c", "kill -TERM $$").Finish().ExitCode);
        Assert.Equal(1, Run("--", "/no/such/program").Finish().ExitCode);
    }

    [RootTheory]
    [InlineData(false)]
    [InlineData(true)]
    public void KilledJob_GoesOn_AndItsSignalsAreItsOwn(bool isServed)
    {
        using var service = isServed ? Service.Of(_cli) : null;
        var run = RunComputing("--name", "md", "--every", "200ms", "--on-crash", "auto");
        var pid = WaitForJob(run);
        WaitForGeneration(2);

        _ = Child.Signal(pid, Libc.SIGKILL);
        Wait.Until(() => Events().Contains("recovered"), Wait.Patience, () => $"{string.Join(' ', Events())} {run.Error}");
        Wait.Until(() => State() == "running", Wait.Patience, State);
        WaitForMore(run);
        _ = Child.Signal(run.Pid, Libc.SIGUSR1); // the word on which the program judges itself, passed on

        AssertPassed(run.Finish().Expect(0).Output);
    }

    /// <summary>Batch scripts share their output with the job, and dash opens a redirected command's file itself: both only wait.</summary>
    [RootTheory]
    [InlineData("\"$@\"; echo ended $?", null, false)]
    [InlineData("\"$@\"; echo ended $?", null, true)]
    [InlineData("\"$@\" > batch.log; echo ended $? >> batch.log", "batch.log", true)]
    [InlineData("exec >> batch.log; \"$@\"; echo ended $?", "batch.log", true)]
    public void KilledJob_WhoseScriptHasItsOutputOpen_GoesOn(string script, string? output, bool isServed)
    {
        using var service = isServed ? Service.Of(_cli) : null;
        var run = Run(["sh", "-c", script, "sh"], "--name", "md", "--every", "200ms", "--on-crash", "auto", "--", _programs.Executable("compute"), Scratch);
        var log = output is null ? run.OutputPath : Path.Combine(_directory, output);
        Wait.Until(() => State() == "running" && LinesOf(log) > 0, Wait.Patience, () => run.Error);
        WaitForGeneration(2);

        _ = Child.Signal(PidOfJob(), Libc.SIGKILL);
        Wait.Until(() => Events().Contains("recovered") && State() == "running", Wait.Patience, () => $"{string.Join(' ', Events())} {run.Error}");
        var lines = LinesOf(log);
        Wait.Until(() => LinesOf(log) > lines, Wait.Patience, () => $"the job stands still: {State()} {run.Error}");
        _ = Child.Signal(PidOfJob(), Libc.SIGUSR1);
        _ = run.Finish().Expect(0);

        var text = File.ReadAllText(log);
        Assert.EndsWith("ended 0\n", text, StringComparison.Ordinal);
        Assert.DoesNotContain('\0', text);
        AssertPassed(text[..text.LastIndexOf("ended", StringComparison.Ordinal)]);
    }

    [RootFact]
    public void ServiceThatDoesNotComeBack_IsToldOf_AndTheExitCodeIsTheJobs()
    {
        using var service = Service.Of(_cli);
        var run = _cli.StartProgram(
            [.. Cli.Program, "run", "--store", _cli.Store, "--name", "md", "--every", "200ms", "--on-crash", "auto", "--", _programs.Executable("compute"), Scratch]);
        var pid = WaitForJob(run);
        WaitForGeneration(2);
        _ = Child.Signal(pid, Libc.SIGKILL);
        Wait.Until(() => Events().Contains("recovered") && State() == "running", Wait.Patience, () => $"{string.Join(' ', Events())} {run.Error}");

        service.Kill();
        Wait.Until(() => run.Error.Contains("does not answer", StringComparison.Ordinal), Wait.Patience, () => run.Error);
        Assert.False(run.HasEnded);
        WaitForMore(run);
        _ = Child.Signal(run.Pid, Libc.SIGUSR1);

        // The job is ours by now, as orphans are init's elsewhere. Whether its exit code is told to others depends on the kernel; its own word does not.
        Wait.Until(() => Child.TryReap(pid) is not null, Wait.Patience, () => "the job does not end");
        var end = run.Finish();
        AssertPassed(end.Output);
        Assert.Equal(KernelTellsExits ? 0 : 1, end.ExitCode);
    }

    /// <summary>PIDFD_GET_INFO with an exit code, Linux 6.15.</summary>
    private static bool KernelTellsExits => Environment.OSVersion.Version >= new Version(6, 15);

    [RootTheory]
    [InlineData(false)]
    [InlineData(true)]
    public void Terminated_WhereThePolicySaysSo_StopsAndGoesOn(bool isServed)
    {
        var policies = Directory.CreateDirectory(Path.Combine(_directory, "policies")).FullName;
        File.WriteAllText(Path.Combine(policies, "batch.json"), """{"events": {"onTerminate": true}}""");
        using var service = isServed ? Service.Of(_cli, ("CHECKPOINTER_Policies__Directory", policies)) : null;
        var run = RunComputing("--name", "md", "--policy", "batch");
        _ = WaitForJob(run);

        _ = Child.Signal(run.Pid, Terminate);
        _ = run.Finish().Expect(Stopped);
        Wait.Until(() => State() == "stopped", Wait.Patience, State);

        // A batch system gives the second run a file of its own, but the job has the one that it had.
        var again = RunComputing("--name", "md", "--policy", "batch");
        Wait.Until(() => State() == "running" || again.HasEnded, Wait.Patience, () => again.Error);
        WaitForMore(run);
        _ = Child.Signal(again.Pid, Libc.SIGUSR1);
        Assert.Contains("\"generation\":\"md/1\"", again.Finish().Expect(0).Output, StringComparison.Ordinal);
        AssertPassed(File.ReadAllText(run.OutputPath));
    }

    private static void AssertPassed(string output)
        => Assert.Equal("PASS", output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Last(line => !line.StartsWith('{')));

    private static void WaitForMore(CliRun run)
    {
        var lines = run.Lines.Count;
        Wait.Until(() => run.Lines.Count > lines, Wait.Patience, () => "the job stands still");
    }

    private static int LinesOf(string path) => File.Exists(path) ? File.ReadAllLines(path).Length : 0;

    private CliRun Run(params string[] arguments) => Run([], arguments);

    private CliRun Run(string[] before, params string[] arguments)
    {
        // Options of every verb come before --, behind which all is the job's.
        var policies = Path.Combine(_directory, "policies");
        return _cli.StartProgram([.. before, "env", $"CHECKPOINTER_Policies__Directory={policies}", .. Cli.Program, "run", "--json", "--store", _cli.Store, .. arguments]);
    }

    private CliRun RunComputing(params string[] options) => Run([.. options, "--", _programs.Executable("compute"), Scratch]);

    private string State() => _cli.Run("status", "md").Json is [var status] ? status.TryGetProperty("state", out var state) ? state.GetString()! : "" : "";

    private List<string> Events() => [.. _cli.Run("events", "md").Expect(0).Json.Select(line => line.GetProperty("kind").GetString()!)];

    private void WaitForGeneration(int number)
        => Wait.Until(() => Events().Count(kind => kind == "dumped") >= number, Wait.Patience, () => string.Join(' ', Events()));

    private int WaitForJob(CliRun run)
    {
        Wait.Until(() => (State() == "running" && run.Lines.Count > 0) || run.HasEnded, Wait.Patience, () => $"the job does not begin: {run.Error}");
        return run.HasEnded ? throw new InvalidOperationException(run.Finish().ToString()) : PidOfJob();
    }

    private int PidOfJob() => _cli.Run("status", "md").Expect(0).Json.Single().GetProperty("pid").GetInt32();

    private bool IsOurs(int pid)
    {
        _ = Child.TryReap(pid);
        try
        {
            return File.ReadAllText($"/proc/{pid}/cmdline").Split('\0').Contains(Scratch);
        }
        catch (IOException)
        {
            return false; // it has ended
        }
    }
}
