using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Checkpointer.EndToEnd.Tests.Interop;
using Checkpointer.EndToEnd.Tests.Support;
using Checkpointer.Store;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;
using Xunit.Abstractions;

namespace Checkpointer.EndToEnd.Tests;

/// <summary>The service with real jobs: they come back when they crash, and do not notice when it does.</summary>
[Collection(KernelCollection.Name)]
[Trait("kind", "e2e")]
public sealed class DaemonTests(ProgramFixture programs, ITestOutputHelper output)
{
    private const string Name = Session.RegisteredName;
    private static readonly TimeSpan _backMax = TimeSpan.FromSeconds(2);

    /// <summary>3 keep the suite short; more are asked for by CHECKPOINTER_ROUNDS.</summary>
    private static int Rounds => int.TryParse(Environment.GetEnvironmentVariable("CHECKPOINTER_ROUNDS"), out var rounds) ? rounds : 3;

    private static int Seed => int.TryParse(Environment.GetEnvironmentVariable("SEED"), out var seed) ? seed : Environment.TickCount;

    [RootFact]
    public void KilledJob_IsBackSoon_AndEndsRightly()
    {
        using var session = Session.StartUnregistered(programs, "compute");
        using var service = Service.Of(session.Cli);
        Register(session, "--every", "200ms", "--on-crash", "auto", "--keep-last", "3");
        service.WaitForGenerationAbove(Name, 3);

        var killed = Stopwatch.GetTimestamp();
        KillJob(session);
        Wait.Until(() => session.Job.IsRunning && IsUntraced(session.Job.Pid), Wait.Patience, () => string.Join(' ', service.Events(Name)));
        var back = Stopwatch.GetElapsedTime(killed);
        output.WriteLine($"back after {back.TotalMilliseconds:F0} ms");

        var newest = service.Newest(Name);
        service.WaitForGenerationAbove(Name, newest);
        Assert.InRange(session.Cli.Run("generations", Name).Expect(0).Json.Count, 1, 4);
        Finish(session, service);
        Assert.Equal(["killed", "recovered"], service.Events(Name).Where(kind => kind is "killed" or "recovered" or "vanished"));
        Assert.True(back < _backMax * 2, $"back after {back}\n{session.Cli.Run("events", Name)}\n{service.Log}"); // twice, because tests run on busy machines
        Assert.Equal(0, service.End().ExitCode);
        Assert.False(File.Exists(Path.Combine(session.Cli.Store, "control.sock")));
    }

    [RootFact]
    public void JobAndService_KilledAtRandom_LeaveOneCopyAndARightEnd()
    {
        var seed = Seed;
        output.WriteLine($"SEED={seed}");
        var random = new Random(seed);
        using var session = Session.StartUnregistered(programs, "compute");
        using var service = Service.Of(session.Cli);
        Register(session, "--every", "200ms", "--on-crash", "auto", "--keep-last", "5");
        var newest = service.WaitForGenerationAbove(Name, 0);

        for (var round = 0; round < Rounds; round++)
        {
            var victims = random.Next(1, 4); // 1 the job, 2 the service, 3 both
            LetWork(random.Next(300_000));
            if ((victims & 1) != 0)
            {
                KillJob(session);
                LetWork(random.Next(600_000));
            }

            if ((victims & 2) != 0)
            {
                service.Kill();
                Assert.InRange(Copies(session), 0, 1);
                service.Restart();
            }

            service.WaitForState(Name, "running");
            newest = service.WaitForGenerationAbove(Name, newest);
            Assert.Equal(1, Copies(session));
            Follow(session, service);
            Assert.True(session.Job.IsRunning, $"round {round}: {service.Status(Name)}\n{string.Join(' ', service.Events(Name))}");
        }

        Finish(session, service);
    }

    /// <summary>What ends before anybody can look at it was followed before it ran: it is not restored again.</summary>
    [RootTheory]
    [InlineData("WhenTaken")]
    [InlineData("Always")]
    public void JobThatEndsAsSoonAsItIsBack_HasFinished(string pidNamespace)
    {
        using var session = Session.StartUnregistered(programs, "signal_masks");
        using var service = Service.Of(session.Cli, ("CHECKPOINTER_Engine__PidNamespace", pidNamespace));
        Register(session, "--on-crash", "auto");
        _ = session.Cli.Run("dump", Name).Expect(0);

        _ = Child.Signal(session.Job.Pid, Libc.SIGSTOP);
        session.Job.Go(byFile: true);
        KillJob(session);
        service.WaitForState(Name, "finished", "gave_up");

        Assert.Equal(["registered", "dumped", "killed", "recovered", "finished"], service.Events(Name));
        Assert.EndsWith("PASS\n", session.Job.Output, StringComparison.Ordinal);
    }

    /// <summary>Its parent has not waited for it, so its PID is taken: no fault of the generation.</summary>
    [RootFact]
    public void KilledJob_ThatNobodyReaps_IsWaitedFor_AndComesBackAsItself()
    {
        using var session = Session.StartUnregistered(programs, "nanosleep");
        using var service = Service.Of(session.Cli, ("CHECKPOINTER_Engine__PidNamespace", "Refuse"), ("CHECKPOINTER_Engine__PidReleaseTimeout", "00:00:00.5"));
        Register(session, "--on-crash", "auto");
        _ = session.Cli.Run("dump", Name).Expect(0);
        var pid = session.Job.Pid;

        Assert.True(Child.Signal(pid, Libc.SIGKILL));
        service.WaitForState(Name, "waiting");
        Assert.Equal("recovery_waits", service.Events(Name)[^1]);
        Assert.Equal("Z", session.Job.State);
        Wait.Until(() => Child.TryReap(pid) is not null, Wait.Patience, () => $"is not reaped: {session.Job}");

        Assert.Equal(pid, service.WaitForState(Name, "running").GetProperty("pid").GetInt32());
        Finish(session, service);
        Assert.Equal(["recovery_waits", "recovered", "finished"], service.Events(Name).TakeLast(3));
    }

    [RootTheory]
    [InlineData("auto", "running")]
    [InlineData("manual", "gone")]
    public void JobOfAnEarlierBoot_ComesBackAsItsPolicySays(string onBoot, string state)
    {
        using var session = Session.StartUnregistered(programs, "nanosleep");
        Register(session, "--on-boot", onBoot);
        _ = session.Cli.Run("dump", Name).Expect(0);
        session.Job.Kill();
        using (var store = CheckpointStore.Open(session.Cli.Store, new StoreOptions(), NullLoggerFactory.Instance))
        {
            var job = store.Job(Name);
            store.UpdateProcess(Name, job.Pid, job.StartTicks, "00000000-0000-0000-0000-000000000000");
        }

        using var service = Service.Of(session.Cli);
        service.WaitForState(Name, state);
        Assert.Equal(state == "running", session.Job.IsRunning);
        if (state == "running")
        {
            Finish(session, service);
        }
    }

    [RootFact]
    public void StoppedJob_StaysStopped_UntilSomebodyRecoversIt()
    {
        using var session = Session.StartUnregistered(programs, "nanosleep");
        using var service = Service.Of(session.Cli);
        Register(session, "--on-crash", "auto");

        _ = session.Cli.Run("dump", Name, "--stop").Expect(0);
        Wait.Until(() => Reaped(session), Wait.Patience, () => "the stopped job is still there");
        service.WaitForState(Name, "stopped");
        service.KillAndRestart();
        service.WaitForState(Name, "stopped");
        _ = session.Cli.Run("daemon").Expect(11);

        _ = session.Cli.Run("pause", Name).Expect(0);
        _ = session.Cli.Run("recover", "--latest", Name).Expect(0);
        service.WaitForState(Name, "paused");
        _ = session.Cli.Run("resume", Name).Expect(0);
        service.WaitForState(Name, "running");
        Finish(session, service);
    }

    [RootFact]
    public void LimitedDump_TakesAsLongAsItsRateSays_AndOnlyBesideTheJob()
    {
        const long Rate = 16 << 20;
        using var session = Session.StartUnregistered(programs, "mem_random");
        using var service = Service.Of(session.Cli);
        Register(session, "--limit-rate", $"{Rate}", "--limit-cores", "1", "--limit-nice", "17");

        var dump = session.Cli.Start("dump", Name);
        Wait.Until(() => StoreThreads(service.Pid) is [("store worker 0", "17")] || dump.HasEnded, Wait.Patience, () => string.Join(' ', StoreThreads(service.Pid)));
        Assert.False(dump.HasEnded, dump.Error);
        var line = dump.Finish().Expect(0).Json.Single();

        var seconds = line.GetProperty("duration_ms").GetInt64() / 1000.0;
        var asked = (double)line.GetProperty("dirty_bytes").GetInt64() / Rate;
        output.WriteLine($"{seconds:F2} s for {asked:F2} s of bytes, frozen {line.GetProperty("freeze_us").GetInt64()} us");
        Assert.InRange(seconds, asked * 0.8, (asked * 1.5) + 3);
        Assert.InRange(line.GetProperty("freeze_us").GetInt64() / 1e6, 0, seconds / 2);
        Finish(session, service);
    }

    /// <summary>sd_notify(3), as systemd listens to it.</summary>
    [RootFact]
    public void ServiceManager_IsToldOfBeginReloadLifeAndEnd()
    {
        const int HangUp = 1; // SIGHUP
        using var session = Session.StartUnregistered(programs, "nanosleep");
        var path = Path.Combine(session.Directory, "notify");
        using var manager = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified) { ReceiveTimeout = (int)Wait.Patience.TotalMilliseconds };
        manager.Bind(new UnixDomainSocketEndPoint(path));
        using var service = Service.Of(session.Cli, ("NOTIFY_SOCKET", path), ("WATCHDOG_USEC", "1000000"));
        AwaitNotice(manager, "READY=1");
        AwaitNotice(manager, "WATCHDOG=1");

        Assert.True(Child.Signal(service.Pid, HangUp));
        var reloading = AwaitNotice(manager, "RELOADING=1");
        AwaitNotice(manager, "READY=1");

        var microseconds = long.Parse(reloading.Split('\n').Single(line => line.StartsWith("MONOTONIC_USEC=", StringComparison.Ordinal)).Split('=')[1], CultureInfo.InvariantCulture);
        Assert.InRange((Stopwatch.GetTimestamp() / (Stopwatch.Frequency / 1_000_000)) - microseconds, 0, Wait.Patience.TotalMicroseconds);
        Assert.Equal(0, service.End().ExitCode);
        AwaitNotice(manager, "STOPPING=1");
    }

    [RootFact]
    public void SeriesBesideAService_IsIncremental_AndUpkeepGoesOnBesideIt()
    {
        using var session = Session.StartUnregistered(programs, "nanosleep");
        using var service = Service.Of(session.Cli, ("CHECKPOINTER_Upkeep__VerifySchedule", "every 1s"), ("CHECKPOINTER_Upkeep__VerifyShare", "100%"));
        Register(session);

        var lines = session.Cli.Run("dump", Name, "--every", "100ms", "--count", "3").Expect(0).Json;
        Assert.Equal(["job/1", "job/2", "job/3"], lines.Select(line => line.GetProperty("generation").GetString()));
        Assert.All(lines.Skip(1), line => Assert.Equal("incremental", line.GetProperty("kind").GetString()));

        JsonElement verify = default;
        Wait.Until(
            () => (verify = Upkeep(session)).GetProperty("last_outcome").GetString() == "ok" && !verify.GetProperty("detail").GetString()!.StartsWith("0 pack", StringComparison.Ordinal), Wait.Patience,
            () => verify.ToString());
        const int Hangup = 1; // SIGHUP, which is not to end it
        _ = Child.Signal(service.Pid, Hangup);
        _ = Upkeep(session);
        service.KillAndRestart();
        Assert.Equal("ok", Upkeep(session).GetProperty("last_outcome").GetString());
        _ = session.Cli.Run("dump", Name, "--every", "10ms", "--count", "2", "--stop").Expect(0);
        service.WaitForState(Name, "stopped");
    }

    [PressureFact]
    public void MemoryPressure_IsADump_WhereThePolicySaysSo()
    {
        using var session = Session.StartUnregistered(programs, "nanosleep");
        var policies = Directory.CreateDirectory(Path.Combine(session.Directory, "policies")).FullName;
        File.WriteAllText(Path.Combine(policies, "short.json"), """{"events": {"onMemoryPressure": "dump"}}""");
        using var service = Service.Of(session.Cli, ("CHECKPOINTER_Policies__Directory", policies));
        Register(session, "--policy", "short");
        using var cgroup = TestCgroup.Make(TestCgroup.Memory);
        cgroup.LimitMemory(16 << 20);

        // What does not fit is read again and again, and each page waits for another one to go.
        const string Hog = "echo $$ > $0/cgroup.procs; head -c 60M /dev/zero > $1/big; while :; do cat $1/big > /dev/null; done";
        using (TestJob.Start("/bin/sh", ["-c", Hog, cgroup.Path, session.Directory], session.Directory, "hog"))
        {
            Wait.Until(() => service.Events(Name).Contains("dumped"), Wait.Patience, () => $"{string.Join(' ', service.Events(Name))}\n{File.ReadAllText("/proc/pressure/memory")}");
        }

        Assert.Equal(["registered", "memory_pressure", "dumped"], service.Events(Name));
        Finish(session, service);
    }

    private static JsonElement Upkeep(Session session)
        => session.Cli.Run("status", "--service").Expect(0).Json.Single().GetProperty("upkeep").EnumerateArray().Single(one => one.GetProperty("work").GetString() == "verify");

    /// <summary>Threads of the service that hash and compress, with their nice levels.</summary>
    private static List<(string Name, string Nice)> StoreThreads(int service)
        => [.. Directory.GetDirectories($"/proc/{service}/task").Select(NameAndNice).Where(thread => thread.Name.StartsWith("store worker", StringComparison.Ordinal))];

    private static (string Name, string Nice) NameAndNice(string thread)
    {
        try
        {
            var stat = File.ReadAllText(Path.Combine(thread, "stat"));
            return (File.ReadAllText(Path.Combine(thread, "comm")).TrimEnd(), stat[(stat.LastIndexOf(')') + 2)..].Split(' ')[16]);
        }
        catch (IOException)
        {
            return ("", ""); // it has ended
        }
    }

    /// <summary>The job has become the child of whoever restored it, so its exit code is the service's to tell.</summary>
    private static void Finish(Session session, Service service)
    {
        Follow(session, service);
        session.Job.Go(TestProgram.All.Single(program => program.Name == session.Job.Name).GoesByFile);
        // A computation does all of it again, by one thread, to see that it was right.
        Wait.Until(() => Reaped(session), Wait.Patience * Math.Max(1, Rounds / 5), () => $"does not end: {session.Job}");
        var status = service.WaitForState(Name, "finished", "vanished", "failed");
        Assert.True(session.Job.Output.EndsWith("PASS\n", StringComparison.Ordinal), session.Job.ToString());
        Assert.Equal("finished", status.GetProperty("state").GetString());
        Assert.Equal(JsonValueKind.Number, status.GetProperty("exit_code").ValueKind);
    }

    /// <summary>Where its PID was taken by then, it has another one, in a PID namespace.</summary>
    private static void Follow(Session session, Service service)
        => session.Job.IsNow(service.WaitForState(Name, "running").GetProperty("pid").GetInt32());

    private static void Register(Session session, params string[] policy)
        => _ = session.Cli.Run(["register", Name, "--pid", $"{session.Job.Pid}", .. policy]).Expect(0);

    /// <summary>Kills the job, and reaps it where it is ours, so that its PID is free: then another process may have it soon.</summary>
    private static void KillJob(Session session)
    {
        var before = ProcFacts.StartTicks(session.Job.Pid);
        _ = Child.Signal(session.Job.Pid, Libc.SIGKILL);
        Wait.Until(() => Child.TryReap(session.Job.Pid) is not null || !IsThere(session.Job.Pid, before), Wait.Patience, () => $"does not die: {session.Job}");
    }

    private static bool IsThere(int pid, ulong startTicks)
    {
        try
        {
            return ProcFacts.StartTicks(pid) == startTicks;
        }
        catch (IOException)
        {
            return false;
        }
    }

    private static bool IsUntraced(int pid)
    {
        try
        {
            return ProcFacts.Tracer(pid) == 0;
        }
        catch (IOException)
        {
            return false;
        }
    }

    /// <summary>True once the process is gone, reaped by its parent: by us where that is we.</summary>
    private static bool Reaped(Session session) => Child.TryReap(session.Job.Pid) is not null || session.Job.State.Length == 0;

    private static void LetWork(int microseconds)
    {
        var begun = Stopwatch.GetTimestamp();
        Wait.Until(() => Stopwatch.GetElapsedTime(begun).TotalMicroseconds > microseconds, Wait.Patience, () => "the clock stands still");
    }

    /// <summary>Processes that are the job and run: not those that a dead service was still building, which die with it.</summary>
    private static int Copies(Session session)
    {
        var copies = 0;
        Wait.Until(
            () =>
            {
                var found = ProcFacts.All().Where(pid => IsCopy(pid, session)).ToList();
                copies = found.Count;
                return found.TrueForAll(IsUntraced);
            },
            Wait.Patience,
            () => "a process stays traced");
        return copies;
    }

    private static bool IsCopy(int pid, Session session)
    {
        try
        {
            return File.ReadAllText($"/proc/{pid}/cmdline").Split('\0').Contains(session.Job.Scratch) && ProcFacts.StatField(pid, 3) != "Z";
        }
        catch (IOException)
        {
            return false; // it has ended
        }
    }

    private static string AwaitNotice(Socket manager, string wanted)
    {
        var buffer = new byte[1024];
        while (true)
        {
            var text = Encoding.UTF8.GetString(buffer, 0, manager.Receive(buffer));
            if (text.Split('\n').Contains(wanted))
            {
                return text;
            }
        }
    }
}
