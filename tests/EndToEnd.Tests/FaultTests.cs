using Checkpointer.EndToEnd.Tests.Interop;
using Checkpointer.EndToEnd.Tests.Support;
using Checkpointer.Engine;
using Checkpointer.Engine.Support;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Checkpointer.EndToEnd.Tests;

/// <summary>A failure at any step of a dump leaves the job as it was; at any step of a restore it leaves nothing.</summary>
[Collection(KernelCollection.Name)]
public sealed class FaultTests(ProgramFixture programs) : IDisposable
{
    private const int StepsMax = 5000;
    private readonly string _directory = Directory.CreateTempSubdirectory("checkpointer-e2e-").FullName;
    private readonly CheckpointEngine _engine = new(new EngineOptions(), NullLoggerFactory.Instance);

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [RootTheory]
    [Trait("kind", "kernel")]
    [InlineData("tls_threads")]
    [InlineData("pipe_data")]
    [InlineData("fork_tree")]
    public void Dump_FailingAtAnyStep_LeavesTheJobAsFound(string name)
    {
        using var job = TestJob.StartProgram(programs.Executable(name), _directory, name);
        var tree = Tree(job.Pid);
        var before = tree.ToDictionary(pid => pid, ProcessPicture.Of);

        var steps = FailAtEachStep(() => _engine.Dump(new ProcessId(job.Pid), new MemoryCheckpoint(), null, default), step =>
        {
            foreach (var pid in tree)
            {
                // A thread that we interrupted may still be on its way back into its system call.
                Wait.UntilHolds(() => before[pid].AssertSame(ProcessPicture.Of(pid), step));
            }
        });

        Assert.Superset(new HashSet<string> { "inspect", "copy pages", "thaw", "deliver" }, steps);
        job.Go(byFile: false);
        job.WaitForLine("PASS");
    }

    /// <summary>The kernel tells the end of a main thread only after that of all others, which wait for their tracer.</summary>
    [RootFact]
    [Trait("kind", "kernel")]
    public void Dump_OfAJobKilledAtAnyStep_FailsAtOnce_OrIsGood()
    {
        var steps = new HashSet<string>();
        var isKilled = true;
        for (var killing = 0; isKilled; killing++)
        {
            isKilled = false;
            using var job = TestJob.StartProgram(programs.Executable("tls_threads"), _directory, $"tls_threads_{killing}");
            var step = 0;
            _engine.StepHook = name =>
            {
                if (step++ == killing)
                {
                    isKilled = true;
                    steps.Add(name.Split(' ')[0]);
                    _ = Child.Signal(job.Pid, Libc.SIGKILL);
                }
            };

            var checkpoint = new MemoryCheckpoint();
            var failure = Record.Exception(() => _engine.Dump(new ProcessId(job.Pid), checkpoint, null, default));
            job.Kill();
            Assert.True(failure is null or EngineException { Reason: not EngineFailure.TimedOut }, $"killed at step {killing}: {failure}");
            if (failure is null && isKilled)
            {
                _engine.StepHook = _ => { };
                _ = _engine.Restore(checkpoint, "memory-1", null, default);
                job.Go(byFile: false);
                job.WaitForLine("PASS");
            }
        }

        Assert.Superset(new HashSet<string> { "inspect", "inject", "copy", "thaw", "deliver" }, steps);
        AssertNothingWasLearntFromTheDead();
    }

    [RootFact]
    [Trait("kind", "kernel")]
    public void Restore_FailingAtAnyStep_LeavesNothingAndSucceedsLater()
    {
        using var job = TestJob.StartProgram(programs.Executable("tls_threads"), _directory, "tls_threads");
        var checkpoint = new MemoryCheckpoint();
        _engine.Dump(new ProcessId(job.Pid), checkpoint, null, default);
        var threads = ProcFacts.Threads(job.Pid);
        job.Kill();

        var steps = FailAtEachStep(() => _engine.Restore(checkpoint, "memory-1", null, default), step =>
        {
            Assert.All(threads, thread => Assert.False(Directory.Exists($"/proc/{thread}"), $"{step}: thread {thread} was left"));
        });

        Assert.Superset(new HashSet<string> { "start the stub", "open files", "put files back", "let all threads go" }, steps);
        job.Go(byFile: false);
        job.WaitForLine("PASS");
    }

    /// <summary>Code that leads home is remembered for every process that maps the same file; what could not be read must not be taken for not there.</summary>
    private void AssertNothingWasLearntFromTheDead()
    {
        using var job = TestJob.StartProgram(programs.Executable("tls_threads"), _directory, "tls_threads");
        var report = _engine.Dump(new ProcessId(job.Pid), new MemoryCheckpoint(), null, default);
        Assert.DoesNotContain("injection", report.Notes.Select(note => note.Resource));
    }

    /// <summary>Runs the operation with a failure at its first step, its second, and so on, until one run succeeds. Returns the steps.</summary>
    private HashSet<string> FailAtEachStep(Action operation, Action<string> check)
    {
        var failedAt = new HashSet<string>();
        for (var failing = 0; failing < StepsMax; failing++)
        {
            var step = 0;
            var failed = string.Empty;
            _engine.StepHook = name =>
            {
                if (step++ == failing)
                {
                    failed = name;
                    throw new EngineException(EngineFailure.Failed, $"injected at step {failing}: {name}");
                }
            };
            var exception = Record.Exception(operation);
            if (failed.Length == 0)
            {
                Assert.Null(exception);
                return failedAt;
            }

            failedAt.Add(failed);
            check($"step {failing} ({failed})");
        }

        throw new InvalidOperationException($"more than {StepsMax} steps");
    }

    private static List<int> Tree(int root)
    {
        var tree = new List<int> { root };
        for (var index = 0; index < tree.Count; index++)
        {
            tree.AddRange(ProcFacts.All().Where(pid => ParentOf(pid) == tree[index]));
        }

        return tree;
    }

    private static int ParentOf(int pid)
    {
        try
        {
            return int.Parse(ProcFacts.StatField(pid, 4));
        }
        catch (IOException)
        {
            return 0;
        }
    }
}
