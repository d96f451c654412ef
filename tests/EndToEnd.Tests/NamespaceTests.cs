using System.Globalization;
using Checkpointer.EndToEnd.Tests.Interop;
using Checkpointer.EndToEnd.Tests.Support;
using Xunit;

namespace Checkpointer.EndToEnd.Tests;

/// <summary>Jobs that are restored into PID and time namespaces, and dumped and restored from there.</summary>
[Collection(KernelCollection.Name)]
[Trait("kind", "e2e")]
public sealed class NamespaceTests(ProgramFixture programs)
{
    private const int Refused = 5;

    // What the kernel keeps PIDs in.
    private static readonly string[] _withPids =
        ["thread_ids", "fd_owner", "fd_locks", "fd_pidfd", "fd_proc", "posix_timer_threads", "sock_unix_peercred", "sysv_tree", "tree_sessions", "tty_sessions"];

    /// <summary>Some; with CHECKPOINTER_ROUNDS all programs.</summary>
    public static TheoryData<string> Programs => Environment.GetEnvironmentVariable("CHECKPOINTER_ROUNDS") is null ? [.. _withPids] : [.. TestProgram.Processes, .. TestProgram.Trees];

    [RootTheory]
    [MemberData(nameof(Programs))]
    public void Restore_IntoPidNamespaceTwice_ProgramFindsItsStateRight(string name)
    {
        using var session = Session.Start(programs, name);
        session.Dump(1);

        session.KillAndRestoreInside(1);
        session.Dump(2);
        session.KillAndRestoreInside(2);

        session.Finish();
    }

    [RootFact]
    public void Recover_WithPidTaken_HasItsPidInsideAndEndsWithItsInit()
    {
        using var session = Session.Start(programs, "fork_tree");
        session.Dump(1);
        var pid = session.Job.Pid;
        session.Job.Kill();
        using var squatter = TestJob.Start(programs.Executable("take_pid"), [$"{pid}"], session.Directory, "take_pid");
        squatter.WaitForLine("ready");

        session.RestoredInside(session.Cli.Run("recover", "--latest", session.JobName).Expect(0));

        Assert.Equal([$"{session.Job.Pid}", $"{pid}"], NumbersOf(session.Job.Pid));
        Assert.Equal("squatter", ProcFacts.Status(pid, "Name"));
        session.Finish();
    }

    /// <summary>Threads are made last: the kernel may give their numbers to others while memory is being filled.</summary>
    [RootFact]
    public void Recover_WithTheNumberOfAThreadTakenMeanwhile_IsMadeAgainInside()
    {
        using var session = Session.StartCommand(
            programs.Executable("dirty_rate"), ["{directory}/dirty_rate", "384", "2", "0", "1000", "scattered", "random"], output => output.StartsWith("ready\n", StringComparison.Ordinal));
        session.Dump(1);
        var (pid, thread) = (session.Job.Pid, ProcFacts.Threads(session.Job.Pid).Max());
        session.Job.Kill();

        var recovery = session.Cli.Start("recover", "--latest", session.JobName);
        Wait.Until(() => ProcFacts.Exists(pid) || recovery.HasEnded, Wait.Patience, () => $"the recovery makes nothing: {string.Join('\n', recovery.Lines)}");
        using var squatter = TestJob.Start(programs.Executable("take_pid"), [$"{thread}"], session.Directory, "take_pid");
        squatter.WaitForLine("ready");

        session.RestoredInside(recovery.Finish().Expect(0));
        Assert.Equal([$"{session.Job.Pid}", $"{pid}"], NumbersOf(session.Job.Pid));
        Assert.Equal("squatter", ProcFacts.Status(thread, "Name"));
        session.Finish();
    }

    [RootFact]
    public void Init_OfKilledJob_EndsWithItsSignal()
    {
        using var session = Session.Start(programs, "compute");
        session.Dump(1);
        session.KillAndRestoreInside(1);

        _ = Child.Signal(session.Job.Pid, Libc.SIGKILL);

        Assert.True(session.Job.WaitExit() is { Exited: true, Code: 128 + Libc.SIGKILL });
    }

    [RootFact]
    public void DumpEvery_OfJobInPidNamespace_TakesIncrementsAndStopsIt()
    {
        using var session = Session.Start(programs, "mem_random");
        session.Dump(1);
        session.KillAndRestoreInside(1);

        var dumps = session.Cli.Run("dump", session.JobName, "--every", "1s", "--count", "2").Expect(0).Json;
        session.Cli.Run("dump", session.JobName, "--stop").Expect(0);

        Assert.Equal(["full", "incremental"], dumps.Select(dump => dump.GetProperty("kind").GetString()));
        Assert.False(session.Job.IsRunning);
        session.KillAndRestoreInside(4);
        session.Finish();
    }

    [RootFact]
    public void Check_OfJobInPidNamespace_FindsWhoHoldsItsPipeOutside()
    {
        using var session = Session.StartCommand("sh", ["-c", "mkfifo {directory}/fifo; exec 3<>{directory}/fifo; echo ready; read line <&3"], output => output == "ready\n");
        session.Dump(1);
        session.KillAndRestoreInside(1);
        session.Cli.Run("check", session.JobName).Expect(0);
        using var fifo = new FileStream(Path.Combine(session.Directory, "fifo"), FileMode.Open, FileAccess.ReadWrite);

        var report = session.Cli.Run("check", session.JobName).Expect(Refused).Json.Single();

        Assert.Equal(session.Job.Pid, report.GetProperty("pid").GetInt32());
        Assert.Contains($"process {Environment.ProcessId} ", report.GetProperty("findings").ToString(), StringComparison.Ordinal);
    }

    [RootFact]
    public void Restore_KilledAtAnyTime_LeavesNobodyInThePidNamespace()
    {
        using var session = Session.Start(programs, "compute");
        session.Dump(1);
        session.Job.Kill();
        for (var round = 0; round < 6; round++)
        {
            var restore = session.Cli.Start("restore", $"{session.JobName}/1", "--pid-namespace", "always");
            var made = string.Empty;
            Wait.Until(() => (made = NamespacesBelow(restore.Pid).FirstOrDefault() ?? "").Length > 0 || restore.HasEnded, Wait.Patience, () => "no namespace");
            var until = restore.Elapsed + TimeSpan.FromMilliseconds(40 * round);
            Wait.Until(() => restore.Elapsed > until || restore.HasEnded, Wait.Patience, () => "time stands still");
            Assert.False(restore.HasEnded, "it had ended before it was killed");

            restore.Kill();

            Wait.Until(() => !ProcFacts.All().Any(pid => PidNamespace(pid) == made && ProcFacts.HasMemory(pid)), Wait.Patience, () => $"somebody is left in {made}");
        }

        session.KillAndRestoreInside(1);
        session.Finish();
    }

    [RootFact]
    public void RestoreAs_BesideTheRunningJob_BothGoOnAndTheCopyIsAJobOfItsOwn()
    {
        using var session = Session.Start(programs, "mem_random");
        session.Dump(1);
        var pid = session.Job.Pid;

        // Both have the same standard output.
        var refusal = session.Cli.Run("restore", $"{session.JobName}/1", "--as", "second").Expect(1).Json.Single();
        var copy = session.Cli.Run("restore", $"{session.JobName}/1", "--as", "second", "--keep-files").Expect(0).Json.Single();

        Assert.Contains(session.Job.OutputPath, refusal.GetProperty("error").GetString(), StringComparison.Ordinal);
        Assert.Equal("second", copy.GetProperty("job").GetString());
        var beside = copy.GetProperty("pid").GetInt32();
        Assert.Equal([$"{beside}", $"{pid}"], NumbersOf(beside));
        Assert.Equal("second/1", session.Cli.Run("dump", "second").Expect(0).Json.Single().GetProperty("generation").GetString());
        var init = int.Parse(ProcFacts.StatField(beside, 4), CultureInfo.InvariantCulture);
        _ = Child.Signal(beside, Libc.SIGUSR1);
        Assert.True(Child.Reap(init, Wait.Patience, session.Job.ToString) is { Exited: true, Code: 0 }, session.Job.ToString());
        session.Finish();
    }

    [RootFact]
    public void Restore_UnderAnotherBoot_ClocksGoOn()
    {
        using var session = Session.Start(programs, "clock_deadlines");
        session.Dump(1);
        session.Job.Kill();
        var boot = Path.Combine(session.Directory, "boot_id");
        File.WriteAllText(boot, "01234567-89ab-cdef-0123-456789abcdef\n");

        var result = session.Cli.StartProgram(
            [
                "unshare", "--mount", "sh", "-c", $"mount --bind {boot} /proc/sys/kernel/random/boot_id && exec \"$@\"", "sh",
                .. Cli.Program, "restore", $"{session.JobName}/1", "--json", "--store", session.Cli.Store,
            ]).Finish();

        var restored = session.Restored(result.Expect(0), 1);
        Assert.Equal(["time"], restored.GetProperty("namespaces").EnumerateArray().Select(name => name.GetString()!));
        session.Finish();
    }

    private static string[] NumbersOf(int pid) => ProcFacts.Status(pid, "NSpid").Split('\t', StringSplitOptions.RemoveEmptyEntries);

    private static IEnumerable<string> NamespacesBelow(int pid) =>
        ProcFacts.Descendants(pid).Select(PidNamespace).OfType<string>().Where(name => name != PidNamespace(Environment.ProcessId));

    private static string? PidNamespace(int pid)
    {
        try
        {
            return new FileInfo(string.Create(CultureInfo.InvariantCulture, $"/proc/{pid}/ns/pid")).LinkTarget;
        }
        catch (IOException)
        {
            return null;
        }
    }
}
