using Checkpointer.EndToEnd.Tests.Interop;
using Checkpointer.EndToEnd.Tests.Support;
using Checkpointer.Engine;
using Checkpointer.Engine.Arch.X64;
using Checkpointer.Engine.Interop;
using Checkpointer.Engine.Proc;
using Checkpointer.Engine.Support;
using Checkpointer.Engine.Tracing;
using Xunit;

namespace Checkpointer.EndToEnd.Tests;

/// <summary>What is done to a frozen job: descriptors taken, copies made, leftovers removed. Nothing of it can be seen in the job afterwards.</summary>
[Collection(KernelCollection.Name)]
[Trait("kind", "kernel")]
public sealed class InjectionTests(ProgramFixture programs) : IDisposable
{
    private const int UserModeOnly = 1; // UFFD_USER_MODE_ONLY
    private readonly string _directory = Directory.CreateTempSubdirectory("checkpointer-e2e-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [RootFact]
    public void Gate_OpenedAndClosed_LeavesMemoryByteForByte()
    {
        using var job = Start("steady");

        Frozen(job, frozen =>
        {
            var process = frozen.Processes[0];
            var before = PrivateMemory(process);
            process.OpenGate();
            using (var injection = process.Inject(process.Threads[1]))
            {
                injection.Call(Sys.Brk, 0).OrThrow("brk");
            }

            process.CloseGate();
            Assert.True(process.HadRoadHome);
            AssertSame(before, PrivateMemory(process));
            return true;
        });

        Finish(job);
    }

    [RootFact]
    public void TakeDescriptor_GivesItToUsAndClosesItInTheJob()
    {
        using var job = Start("steady");
        var before = ProcFacts.Descriptors(job.Pid);

        var target = Frozen(job, frozen =>
        {
            var process = frozen.Processes[0];
            process.OpenGate();
            using var taken = process.TakeDescriptor(Sys.Userfaultfd, FileFlag.O_CLOEXEC | UserModeOnly);
            Assert.Equal(before, ProcFacts.Descriptors(job.Pid));
            return new FileInfo($"/proc/self/fd/{taken.Number}").LinkTarget;
        });

        Assert.Contains("userfaultfd", target, StringComparison.Ordinal);
        Finish(job);
    }

    [RootFact]
    public void TakeDescriptor_OfACallThatFails_SaysWhyAndClosesNothing()
    {
        using var job = Start("steady");
        var before = ProcFacts.Descriptors(job.Pid);

        var failure = Frozen(job, frozen =>
        {
            frozen.Processes[0].OpenGate();
            return Assert.Throws<LinuxException>(() => frozen.Processes[0].TakeDescriptor(Sys.Userfaultfd, 0xffff_0000));
        });

        Assert.Equal(Errno.EINVAL, failure.Errno);
        Assert.Equal(before, ProcFacts.Descriptors(job.Pid));
        Finish(job);
    }

    [RootFact]
    public void Copy_HoldsMemoryAsOfTheFreezeWhileTheJobRunsOn()
    {
        using var job = Start("steady");
        List<(Vma Vma, byte[] Bytes)> before = [];
        FrozenProcess? frozen = null;

        WithCopy(job, (process, _) => (frozen, before) = (process, PrivateMemory(process)), copy =>
        {
            var beats = Beats(job);
            Wait.Until(() => Beats(job) > beats + 100, Wait.Patience, () => $"stands still beside its copy: {job}");
            AssertSame(before, PrivateMemory(frozen!, copy.Memory));
        });

        Finish(job);
    }

    [RootFact]
    public void Copy_WhoseJobIsStopped_IsReaped()
    {
        const int Stop = 19;
        const int Continue = 18;
        using var job = Start("steady");

        WithCopy(job, (_, _) => { }, _ =>
        {
            Assert.True(Child.Signal(job.Pid, Stop));
            Wait.Until(() => job.State == "T", Wait.Patience, () => $"does not stop: {job}");
        });

        Wait.Until(() => job.State == "T", Wait.Patience, () => $"was not left stopped: {job}");
        Assert.True(Child.Signal(job.Pid, Continue));
        Finish(job);
    }

    [RootFact]
    public void Copy_WhoseJobIsKilled_IsNoMatter()
    {
        using var job = Start("steady");

        var copy = WithCopy(job, (_, _) => { }, _ => job.KillWithoutReaping());

        // It was inherited by whoever adopts orphans here: that is this process.
        Wait.Until(() => Child.TryReap(copy.Value) is not null || !ProcFacts.Exists(copy.Value), Wait.Patience, () => $"{copy} is left");
    }

    [RootFact]
    public void Copy_WhoseJobCallsExec_IsReaped()
    {
        var script = Path.Combine(_directory, "exec.sh");
        File.WriteAllText(script, "echo ready\nwhile [ ! -e go ]; do :; done\nexec sleep 1000\n");
        using var job = TestJob.Start("bash", [script], _directory, "exec");
        job.WaitForLine("ready");

        WithCopy(job, (_, _) => { }, _ =>
        {
            File.WriteAllText(Path.Combine(_directory, "go"), "");
            Wait.Until(() => ProcFacts.Status(job.Pid, "Name") == "sleep", Wait.Patience, () => $"does not exec: {job}");
        });

        Assert.False(ProcFacts.HasChildren(job.Pid));
    }

    [RootFact]
    public void Copy_ThatTheKernelRefuses_SaysWhy()
    {
        // Root has no limit of processes; this program is not root any more when it is ready.
        string[] arguments = ["-c", "ulimit -u 1; exec \"$0\" \"$1\"", programs.Executable("credentials"), Path.Combine(_directory, "limited")];
        using var job = TestJob.Start("bash", arguments, _directory, "limited");
        job.WaitForLine("ready");

        var errno = Frozen(job, frozen =>
        {
            frozen.Processes[0].OpenGate();
            using var copy = frozen.Processes[0].TryCopy(out var refused);
            Assert.Null(copy);
            return refused;
        });

        Assert.Equal(Errno.EAGAIN, errno);
        Finish(job);
    }

    [RootFact]
    public void Signal_OnItsWayWhenTheTracerDies_IsDelivered()
    {
        const int Terminate = 15;
        using var job = Start("cwd_umask");

        TracerThread.Run("to die", () =>
        {
            var tracee = Tracee.TrySeize(new ThreadId(job.Pid), new ProcessId(job.Pid), Ptrace.PTRACE_O_TRACESYSGOOD)!;
            Assert.True(Child.Signal(job.Pid, Terminate));
            Assert.Equal(Terminate, tracee.Wait(Wait.Patience).SignalToDeliver);
            return true;
        });

        // We are parent and tracer: while the kernel still detaches it, a wait would take the stop.
        Wait.Until(() => ProcFacts.Status(job.Pid, "TracerPid") == "0", Wait.Patience, () => $"is still traced: {job}");
        Assert.Equal(Terminate, job.WaitExit().Signal);
    }

    [RootFact]
    public void Stop_SentDuringAnInjection_StopsTheJobAfterwards()
    {
        const int Continue = 18;
        using var job = Start("steady");

        Frozen(job, frozen =>
        {
            var process = frozen.Processes[0];
            process.OpenGate();
            using var injection = process.Inject(process.Leader);
            Assert.True(Child.Signal(job.Pid, Signal.SIGSTOP));
            return injection.Call(Sys.Brk, 0).OrThrow("brk");
        });

        Wait.Until(() => job.State == "T", Wait.Patience, () => $"was not stopped: {job}");
        Assert.True(Child.Signal(job.Pid, Continue));
        Finish(job);
    }

    [RootFact]
    public void Questions_PutAtOnceOrOneByOne_HaveTheSameAnswers()
    {
        using var job = Start("sigaltstack_threads");

        Frozen(job, frozen =>
        {
            var process = frozen.Processes[0];
            process.OpenGate();
            foreach (var thread in process.Threads)
            {
                var status = ProcFs.Status(process.Id, thread.Id);
                Assert.Equal(Signal.SIGURG, QuietSignal.Of(thread, status));
                Assert.Equal(Signal.SIGWINCH, QuietSignal.Of(thread, status with { SigCgt = Bit(Signal.SIGURG) }));
                var unseen = status with { SigCgt = Bit(Signal.SIGURG) | Bit(Signal.SIGWINCH) };
                Assert.Equal(0, QuietSignal.Of(thread, unseen));
                Assert.Equal(0, QuietSignal.Of(thread, status with { NSpid = [job.Pid, 1] }));
                Assert.Equal(Answers(process, thread, status), Answers(process, thread, unseen));
            }

            return true;
        });

        job.Go(byFile: TestProgram.All.Single(program => program.Name == "sigaltstack_threads").GoesByFile);
        job.WaitForLine("PASS");
    }

    [RootFact]
    public void Questions_WhileTheirSignalIsSentBySomebodyElse_AreAllAnswered()
    {
        using var job = Start("steady");

        Frozen(job, frozen =>
        {
            var process = frozen.Processes[0];
            process.OpenGate();
            var status = ProcFs.Status(process.Id, process.Leader.Id);
            var expected = Answers(process, process.Leader, status);
            for (var round = 0; round < 20; round++)
            {
                Assert.True(Child.Signal(job.Pid, Signal.SIGURG));
                Assert.Equal(expected, Answers(process, process.Leader, status));
            }

            return true;
        });

        Finish(job);
    }

    [RootFact]
    public void Stop_SentDuringQuestions_StopsTheJobAfterwards()
    {
        const int Continue = 18;
        using var job = Start("steady");

        Frozen(job, frozen =>
        {
            var process = frozen.Processes[0];
            process.OpenGate();
            Assert.True(Child.Signal(job.Pid, Signal.SIGSTOP));
            return Answers(process, process.Leader, ProcFs.Status(process.Id, process.Leader.Id));
        });

        Wait.Until(() => job.State == "T", Wait.Patience, () => $"was not stopped: {job}");
        Assert.True(Child.Signal(job.Pid, Continue));
        Finish(job);
    }

    [RootFact]
    public void Orphan_ThatSomebodyStopped_IsEndedAndReaped()
    {
        using var job = Start("steady");
        var orphan = 0;
        _ = Assert.Throws<InvalidOperationException>(() => Frozen<bool>(job, frozen =>
        {
            var process = frozen.Processes[0];
            process.OpenGate();
            using var injection = process.Inject(process.Leader);
            process.Leader.Tracee.SetOptions(Ptrace.PTRACE_O_TRACESYSGOOD | Ptrace.PTRACE_O_TRACECLONE);
            injection.CallAt(process.Gate!.Value.CopyCode, Sys.Clone, Engine.Interop.Task.CLONE_FILES);
            orphan = injection.NewTask!.Value.Value;
            Assert.True(Child.Signal(orphan, Signal.SIGSTOP));
            TracerDeath.Point = () => throw new InvalidOperationException("died");
            return true;
        }));
        Wait.Until(() => ProcFacts.StatField(orphan, 3) == "T", Wait.Patience, () => $"{orphan} is {ProcFacts.StatField(orphan, 3)}");

        Leftovers.EndOrphans(new ProcessId(job.Pid));
        Wait.Until(() => ProcFacts.StatField(orphan, 3) == "Z", Wait.Patience, () => $"{orphan} is {ProcFacts.StatField(orphan, 3)}");
        Assert.True(Leftovers.IsZombieOfCopy(new ProcessId(orphan)));
        Assert.Contains(ProcFs.Maps(new ProcessId(job.Pid)), Leftovers.IsGate);
        Frozen(job, frozen => Assert.IsType<FrozenJob>(frozen));

        Assert.False(ProcFacts.Exists(orphan));
        Assert.DoesNotContain(ProcFs.Maps(new ProcessId(job.Pid)), Leftovers.IsGate);
        Finish(job);
    }

    [RootFact]
    public void Zombie_OfTheJobsOwn_IsNoneOfOurs()
    {
        using var job = Start("zombie_child");
        var zombies = Frozen(job, frozen => frozen.Zombies);

        Assert.NotEmpty(zombies);
        Assert.All(zombies, zombie => Assert.False(Leftovers.IsZombieOfCopy(zombie)));
    }

    private static ulong Bit(int signal) => 1ul << (signal - 1);

    private static (ulong Brk, stack_t Stack, ulong TidAddress) Answers(FrozenProcess process, FrozenThread thread, ProcStatus status)
    {
        (ulong Brk, stack_t Stack, ulong TidAddress) answers = default;
        var questions = new Questions(process.Gate!.Value);
        questions.Ask("brk", Sys.Brk, [0], value => answers.Brk = value);
        questions.AskFor<stack_t>("sigaltstack", Sys.Sigaltstack, at => [0, at], value => answers.Stack = value);
        questions.Try("no such call", (Sys)9999, [], result => Assert.Equal(Errno.ENOSYS, result.Errno));
        questions.AskFor<ulong>("prctl", Sys.Prctl, at => [Engine.Interop.Task.PR_GET_TID_ADDRESS, at], value => answers.TidAddress = value);
        questions.Put(process, thread, status);
        Assert.NotEqual((0ul, 0ul), (answers.Brk, answers.TidAddress));
        return answers;
    }

    private static ProcessId WithCopy(TestJob job, Action<FrozenProcess, ProcessCopy> frozen, Action<ProcessCopy> thawed) =>
        TracerThread.Run("copy", () =>
        {
            using var freeze = new Freezer(new EngineOptions(), static _ => { }).Freeze(new ProcessId(job.Pid));
            var process = freeze.Processes[0];
            process.OpenGate();
            using var copy = process.TryCopy(out _)!;
            process.CloseGate();
            frozen(process, copy);
            freeze.Thaw();
            thawed(copy);
            copy.Dispose();
            Assert.False(copy.HasLeftZombie);
            Assert.False(job.IsRunning && ProcFacts.Exists(copy.Id.Value), $"the copy {copy.Id} is left");
            return copy.Id;
        });

    private static T Frozen<T>(TestJob job, Func<FrozenJob, T> use) => TracerThread.Run("frozen", () =>
    {
        using var frozen = new Freezer(new EngineOptions(), static _ => { }).Freeze(new ProcessId(job.Pid));
        return use(frozen);
    });

    private TestJob Start(string name) => TestJob.StartProgram(programs.Executable(name), _directory, name);

    private static void Finish(TestJob job)
    {
        Assert.Equal(0, ProcFacts.Tracer(job.Pid));
        Assert.False(ProcFacts.HasChildren(job.Pid));
        job.Go(byFile: false);
        job.WaitForLine("PASS");
    }

    /// <summary>Turns that the first thread of the program has made.</summary>
    private static ulong Beats(TestJob job) => BitConverter.ToUInt64(File.ReadAllBytes(job.Scratch + ".beats"));

    private static List<(Vma Vma, byte[] Bytes)> PrivateMemory(FrozenProcess process) => PrivateMemory(process, process.Memory);

    private static List<(Vma Vma, byte[] Bytes)> PrivateMemory(FrozenProcess process, RemoteMemory memory) =>
        [.. process.Vmas.Where(vma => vma is { IsShared: false, Writable: true }).Select(vma => (vma, Bytes(vma, process, memory)))];

    private static byte[] Bytes(Vma vma, FrozenProcess process, RemoteMemory memory)
    {
        var bytes = new byte[(int)vma.Bytes];
        Assert.Equal(bytes.Length, memory.TryRead(new RemotePtr(vma.Start), bytes));
        foreach (var rseq in process.Threads.Select(thread => thread.Rseq).Where(rseq => vma.Start <= rseq.rseq_abi_pointer && rseq.rseq_abi_pointer < vma.End))
        {
            // The kernel itself writes the processor here whenever the thread was moved.
            bytes.AsSpan((int)(rseq.rseq_abi_pointer - vma.Start), (int)rseq.rseq_abi_size).Clear();
        }

        return bytes;
    }

    private static void AssertSame(List<(Vma Vma, byte[] Bytes)> before, List<(Vma Vma, byte[] Bytes)> after)
    {
        Assert.Equal(before.Count, after.Count);
        foreach (var (old, now) in before.Zip(after))
        {
            Assert.True(old.Bytes.AsSpan().SequenceEqual(now.Bytes), $"{old.Vma.Start:x} {old.Vma.Path} differs");
        }
    }
}
