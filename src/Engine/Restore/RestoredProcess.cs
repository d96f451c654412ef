using System.Diagnostics;
using Checkpointer.Engine.Arch.X64;
using Checkpointer.Engine.Proc;
using Checkpointer.Engine.Support;
using Checkpointer.Engine.Tracing;

namespace Checkpointer.Engine.Restore;

/// <summary>One process under restore: stopped, traced, and dead as soon as the tracer is (PTRACE_O_EXITKILL).</summary>
internal sealed class RestoredProcess : IDisposable
{
    private readonly Gate _gate;
    private readonly TimeSpan _timeout;
    private readonly Action<string> _step;
    private readonly List<Tracee> _threads = [];
    private readonly Tracee _leader;
    private bool _hasLeaderExited;

    public RestoredProcess(ProcessImages images, Tracee leader, Gate gate, TimeSpan timeout, Action<string> step)
    {
        Images = images;
        _gate = gate;
        _timeout = timeout;
        _step = step;
        _leader = leader;
        Id = leader.Process;
        StandIns.Set(Id, null);
        if (images.Process.ExitedLeader is null)
        {
            _threads.Add(leader);
        }

        Memory = RemoteMemory.Open(leader.Process);
    }

    /// <summary>What it is to become.</summary>
    public ProcessImages Images { get; }

    /// <summary>What its memory is: that of its maker until it has its own; null where that is still the stub's.</summary>
    public InheritedMemory? Inherited { get; set; }

    /// <summary>Process ID.</summary>
    public ProcessId Id { get; }

    /// <summary>Its memory.</summary>
    public RemoteMemory Memory { get; }

    /// <summary>The thread that acts for the process: the main thread, or, where that has exited, another.</summary>
    public Tracee Leader => _hasLeaderExited ? _threads[0] : _leader;

    /// <summary>All threads so far, in the order of the image; without a main thread that is to exit.</summary>
    public IReadOnlyList<Tracee> Threads => _threads;

    /// <summary>Gate pages, at one address in all processes of the job.</summary>
    public Gate Gate => _gate;

    /// <summary>Where arguments of batched calls are put.</summary>
    public RemotePtr Arguments => _gate.Data + SyscallBatch.ArgumentsOffset;

    /// <summary>Lets a thread make system calls.</summary>
    public SyscallInjection Inject(Tracee thread) =>
        SyscallInjection.Through(_gate, thread, thread.GetRegisters(), 0, _timeout, _step);

    /// <summary>Makes all calls of a batch in the leader.</summary>
    public void Run(SyscallBatch batch) => Run(batch, Leader);

    /// <summary>Makes all calls of a batch in one thread.</summary>
    public void Run(SyscallBatch batch, Tracee thread)
    {
        if (batch.Count == 0)
        {
            return;
        }

        using var injection = Inject(thread);
        injection.Run(batch, _gate, Memory);
    }

    /// <summary>Makes one call in the leader, with an argument structure in the gate.</summary>
    public ulong Call(string what, Sys number, params ReadOnlySpan<ulong> arguments)
    {
        using var injection = Inject(Leader);
        return injection.Call(number, arguments).OrThrow($"{what} of process {Id}");
    }

    /// <summary>Makes a task by clone3 in the leader and waits until it has stopped.</summary>
    public Tracee Clone(in Interop.clone_args arguments, int wantedId, bool isThread)
    {
        var tracee = Cloner.Clone(Leader, Memory, _gate, arguments, wantedId, isThread ? Id : new ProcessId(wantedId), _timeout, _step);
        if (isThread)
        {
            _threads.Add(tracee);
        }

        return tracee;
    }

    /// <summary>Makes a process as <see cref="Clone"/> does; null where the ID is in use.</summary>
    public Tracee? TryClone(in Interop.clone_args arguments, int wantedId) =>
        Cloner.TryClone(Leader, Memory, _gate, arguments, wantedId, new ProcessId(wantedId), _timeout, _step);

    /// <summary>Makes a copy of the process with this PID, a child of its parent.</summary>
    public RestoredProcess CloneSibling(int pid) =>
        new(Images, Clone(new Interop.clone_args { flags = Interop.Task.CLONE_PARENT }, pid, isThread: false), _gate, _timeout, _step);

    /// <summary>Lets the main thread exit while the others stay. Precondition: there are others.</summary>
    public void LetLeaderExit(int waitStatus)
    {
        const uint PollMicroseconds = 50;
        var exit = _leader.GetRegisters().AboutToCall(_gate.CallCode, _gate.Frame, Sys.Exit, [(ulong)new WaitStatus(waitStatus).ExitCode]);
        _leader.SetRegisters(exit);
        _leader.SetSignalMask(ulong.MaxValue);
        // Its tracer is not told of its end. And as long as it were traced with EXITKILL, our own end would kill the whole process.
        _leader.SetOptions(0);
        if (Images.Process.IsStopped)
        {
            // Let go it would stop and not exit.
            _leader.Resume(Interop.Ptrace.PTRACE_CONT);
        }
        else
        {
            _leader.Detach();
        }

        _hasLeaderExited = true;
        for (var start = Stopwatch.GetTimestamp(); !ProcFs.IsDead(Id, _leader.Thread);)
        {
            if (Stopwatch.GetElapsedTime(start) > _timeout)
            {
                throw new EngineException(EngineFailure.TimedOut, $"The main thread of process {Id} does not exit.");
            }

            _ = Interop.Libc.usleep(PollMicroseconds);
        }
    }

    /// <summary>True where the descriptor table is another process's too, which fills it.</summary>
    public bool BorrowsFiles => Images.Process.FilesSharedWith is var first && first != 0 && first != Id.Value;

    /// <summary>True where root and working directory are another process's too, which sets them.</summary>
    public bool BorrowsFileSystem => Images.Process.FileSystemSharedWith is var first && first != 0 && first != Id.Value;

    /// <inheritdoc/>
    public void Dispose() => Memory.Dispose();
}
