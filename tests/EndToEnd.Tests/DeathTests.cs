using Checkpointer.EndToEnd.Tests.Support;
using Checkpointer.Engine;
using Checkpointer.Engine.Arch.X64;
using Checkpointer.Engine.Interop;
using Checkpointer.Engine.Proc;
using Checkpointer.Engine.Support;
using Checkpointer.Engine.Tracing;
using Xunit;

namespace Checkpointer.EndToEnd.Tests;

/// <summary>
/// The tracer dies at each of its requests to the kernel in turn, from the freeze to the thaw: its thread ends without any clean-up, and the kernel
/// detaches as it does when the process dies. Each time the job goes on as found.
/// </summary>
[Collection(KernelCollection.Name)]
[Trait("kind", "kernel")]
public sealed class DeathTests(ProgramFixture programs) : IDisposable
{
    private const int PointsMax = 5000;
    private const int UserModeOnly = 1; // UFFD_USER_MODE_ONLY
    private readonly string _directory = Directory.CreateTempSubdirectory("checkpointer-e2e-").FullName;
    private readonly EngineOptions _options = new();

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [RootTheory]
    [InlineData("steady")]
    [InlineData("busy_avx")]
    [InlineData("nanosleep")]
    [InlineData("rseq_section")]
    [InlineData("sigaltstack_threads")]
    public void Tracer_DyingAtAnyPoint_LeavesTheJobAsFound(string name)
    {
        using var job = TestJob.StartProgram(programs.Executable(name), _directory, name);
        var watch = new JobWatch(job);
        var points = DieAtEachPoint(() => Session(new ProcessId(job.Pid)), watch.AssertGoesOn);

        Assert.InRange(points, 50, PointsMax);
        _ = TracerThread.Run("to live", () => Session(new ProcessId(job.Pid)));
        watch.AssertAsFound("after a session that nobody died in");
        job.Go(TestProgram.All.Single(program => program.Name == name).GoesByFile);
        job.WaitForLine("PASS");
    }

    /// <summary>
    /// A thread that was thawed and waits for a processor has been put back by the kernel, to make restart_syscall, and has not made it. A signal frame leads it home without what
    /// the kernel remembered for that call.
    /// </summary>
    [RootFact]
    public void Tracer_DyingInASleepThatIsAboutToBeRestarted_DoesNotEndIt()
    {
        using var job = TestJob.StartProgram(programs.Executable("nanosleep"), _directory, "nanosleep");
        var process = new ProcessId(job.Pid);
        var watch = new JobWatch(job);

        var asleep = ProcFacts.Threads(job.Pid).Count(thread => TracerThread.Run("to die", () => DieInSleep(process, new ThreadId(thread))));

        Assert.NotEqual(0, asleep);
        watch.AssertGoesOn("after the deaths");
        job.Go(byFile: false);
        job.WaitForLine("PASS");
    }

    /// <summary>Leaves a thread on the road home, as one that was interrupted on the way back into its sleep; false where it did not sleep.</summary>
    private bool DieInSleep(ProcessId process, ThreadId thread)
    {
        var tracee = Tracee.TrySeize(thread, process, Ptrace.PTRACE_O_TRACESYSGOOD)!;
        tracee.Interrupt();
        Assert.True(tracee.WaitForStop(_options.SyscallTimeout));
        var registers = tracee.GetRegisters();
        if (!registers.NeedsRestartBlock)
        {
            return false;
        }

        tracee.SetRegisters(registers.Rewound((long)Sys.RestartSyscall));
        using var memory = RemoteMemory.Open(process);
        var injection = Bootstrap.TryOpen([FrozenThread.Capture(tracee, memory)], ProcFs.Maps(process), memory, _options.SyscallTimeout, static _ => { });
        _ = injection!.Call(Sys.Brk, 0);
        return true;
    }

    /// <summary>Freezes, makes each kind of injection, and thaws.</summary>
    private bool Session(ProcessId root)
    {
        using var job = new Freezer(_options, static _ => { }).Freeze(root);
        Assert.Empty(job.Zombies);
        using var copy = Inject(job.Processes[0]);
        job.Thaw();
        var word = new byte[sizeof(ulong)];
        copy.Memory.Read(job.Processes[0].Leader.Home.StackPointer, word);
        copy.Dispose();
        Assert.False(copy.HasLeftZombie);
        return true;
    }

    private static ProcessCopy Inject(FrozenProcess process)
    {
        process.OpenGate();
        foreach (var thread in process.Threads.Take(4))
        {
            using var injection = process.Inject(thread);
            injection.Call(Sys.Brk, 0).OrThrow("brk");
            injection.Call(Sys.Fcntl, 0, FileFlag.F_SETFD, 0).OrThrow("fcntl");
        }

        foreach (var thread in process.Threads.Take(4))
        {
            var status = ProcFs.Status(process.Id, thread.Id);
            Assert.NotEqual(0, QuietSignal.Of(thread, status));
            var questions = new Questions(process.Gate!.Value);
            questions.Ask("brk", Sys.Brk, [0], value => Assert.NotEqual(0ul, value));
            questions.AskFor<stack_t>("sigaltstack", Sys.Sigaltstack, at => [0, at], _ => { });
            questions.Put(process, thread, status);
        }

        process.TakeDescriptor(Sys.Userfaultfd, FileFlag.O_CLOEXEC | UserModeOnly).Dispose();
        var copy = process.TryCopy(out var errno);
        Assert.Equal(Errno.None, errno);
        process.CloseGate();
        Assert.True(process.HadRoadHome);
        return copy!;
    }

    /// <summary>Runs the session with a death at its first point, its second, and so on, until one run lives. Returns the number of points.</summary>
    private static int DieAtEachPoint(Func<bool> session, Action<string> check)
    {
        for (var deadly = 0; deadly < PointsMax; deadly++)
        {
            var point = 0;
            var isDead = false;
            var exception = Record.Exception(() => TracerThread.Run("to die", () =>
            {
                TracerDeath.Point = () =>
                {
                    if (isDead || point++ == deadly)
                    {
                        isDead = true;
                        throw new DeathOfTracerException();
                    }
                };
                return session();
            }));
            if (!isDead)
            {
                Assert.True(exception is null, $"after {deadly} points: {exception}");
                return point;
            }

            Assert.True(exception is DeathOfTracerException, $"point {deadly}: {exception}");
            check($"point {deadly}");
        }

        throw new InvalidOperationException($"more than {PointsMax} points");
    }

    private sealed class DeathOfTracerException : Exception
    {
    }
}
