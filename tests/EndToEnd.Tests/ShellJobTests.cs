using System.Globalization;
using Checkpointer.EndToEnd.Tests.Interop;
using Checkpointer.EndToEnd.Tests.Support;
using Xunit;

namespace Checkpointer.EndToEnd.Tests;

/// <summary>A job that a user has started in one terminal goes on in another.</summary>
[Collection(KernelCollection.Name)]
[Trait("kind", "e2e")]
public sealed class ShellJobTests : IDisposable
{
    // Ends with 7 at the end of its input. Its terminal's settings are not the usual ones.
    private const string Job = "echo job $$; stty -echo eol ';'; while read -r line; do echo \"got $line\"; done < /dev/tty; exit 7";

    private readonly string _directory = Directory.CreateTempSubdirectory("checkpointer-shell-").FullName;
    private readonly Cli _cli;
    private readonly TerminalShell _first;
    private readonly TerminalShell _second;
    private int _job;

    public ShellJobTests()
    {
        _cli = new Cli(_directory);
        _first = new TerminalShell(_directory);
        _second = new TerminalShell(_directory);
    }

    private string Checkpointer => $"{string.Join(' ', Cli.Program)} --store {_cli.Store}";

    [RootFact]
    public void Recover_InAnotherTerminal_GoesOnThereAsAJobOfItsShell()
    {
        StartJob();
        Assert.Contains("--shell-job", $"{_cli.Run("dump", "--pid", $"{_job}").Expect(5)}", StringComparison.Ordinal);
        _ = _cli.Run("register", "job", "--pid", $"{_job}", "--shell-job").Expect(0);
        _ = _cli.Run("dump", "job").Expect(0);
        _first.Type("one\n");
        _first.WaitFor("got one\r\n");
        KillJob();

        // Not without a terminal, and not without the wish for one.
        Assert.Contains("There is no terminal", $"{_cli.Run("recover", "job", "--shell-job").Expect(1)}", StringComparison.Ordinal);
        Assert.Contains("give --shell-job", $"{_cli.Run("recover", "job").Expect(1)}", StringComparison.Ordinal);

        RecoverInSecond();
        Assert.Equal($"{_second.Device}", ProcFacts.StatField(_job, 7));
        Assert.Equal($"{_second.Pid}", ProcFacts.StatField(_job, 6));
        Assert.Equal($"{_job}", ProcFacts.StatField(_job, 8));
        _second.Type("two\n");
        Assert.DoesNotContain("two\r\n", _second.WaitFor("got two\r\n").Replace("got two\r\n", "", StringComparison.Ordinal), StringComparison.Ordinal); // no echo
        _ = _cli.Run("dump", "job").Expect(0);

        _second.Type("\x1a");
        _second.WaitFor("Stopped");
        Wait.Until(() => ProcFacts.StatField(_job, 3) == "T", Wait.Patience, () => "the job runs in the background");
        _second.Type("echo shell $((20 + 22))\n");
        _second.WaitFor("shell 42\r\n");
        _second.Type("fg; echo ended $?\n");
        Wait.Until(() => ProcFacts.StatField(_job, 8) == $"{_job}", Wait.Patience, () => $"the job is not in the foreground: {_second}");
        _second.Type("three\n");
        _second.WaitFor("got three\r\n");
        _second.Type("\x04");
        _second.WaitFor("ended 7\r\n");
        _second.Type("echo back $((40 + 2)) $(stty -a | grep -c 'eol = <undef>') $(stty -a | grep -c ' echo ')\n");
        _second.WaitFor("back 42 1 1\r\n");
    }

    [RootFact]
    public void Recover_OfASecondGenerationAfterSignals_EndsWithTheirCode()
    {
        StartJob();
        _ = _cli.Run("register", "job", "--pid", $"{_job}", "--shell-job").Expect(0);
        _ = _cli.Run("dump", "job").Expect(0);
        KillJob();
        RecoverInSecond();
        _second.Type("\x03");
        _second.WaitFor("code 130\r\n");
        RecoverInSecond();
        _ = Child.Signal(int.Parse(ProcFacts.StatField(_job, 4), CultureInfo.InvariantCulture), 15);
        _second.WaitFor("code 143\r\n");
    }

    [RootFact]
    public void Recover_OfAJobThatWasStopped_RunsItWithTheSettingsOfItsNewTerminal()
    {
        StartJob();
        _first.Type("\x1a");
        _first.WaitFor("Stopped");
        _first.Type("stty -echo -icanon; echo shell $((20 + 22))\n");
        _first.WaitFor("shell 42\r\n");
        _ = _cli.Run("register", "job", "--pid", $"{_job}", "--shell-job").Expect(0);
        _ = _cli.Run("dump", "job").Expect(0);
        KillJob();
        RecoverInSecond();
        _second.Type("one\n");
        _second.WaitFor("one\r\ngot one\r\n"); // with its echo
        _second.Type("\x04");
        _second.WaitFor("code 7\r\n");
    }

    public void Dispose()
    {
        if (_job > 1)
        {
            _ = Child.Signal(_job, Libc.SIGKILL);
        }

        _first.Dispose();
        _second.Dispose();
        Directory.Delete(_directory, recursive: true);
    }

    private void StartJob()
    {
        File.WriteAllText(Path.Combine(_directory, "job.sh"), Job);
        _first.Type($"bash {_directory}/job.sh\n");
        _first.WaitFor("\njob ");
        _job = int.Parse(_first.WaitFor("\r\n"), CultureInfo.InvariantCulture);
        // Only when it reads.
        Wait.Until(() => ProcFacts.StatField(_job, 3) == "S" && ProcFacts.Descendants(_job).Count == 0, Wait.Patience, () => $"the job does not read: {_first}");
    }

    private void KillJob()
    {
        _ = Child.Signal(_job, Libc.SIGKILL);
        Wait.Until(() => !ProcFacts.Exists(_job), Wait.Patience, () => $"{_job} is still there");
    }

    private void RecoverInSecond()
    {
        _second.Type($"{Checkpointer} recover job --shell-job; echo code $?\n");
        _second.WaitFor($"job job runs again as PID {_job}");
        _second.WaitFor("\r\n");
    }
}
