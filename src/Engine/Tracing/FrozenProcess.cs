using Checkpointer.Engine.Arch.X64;
using Checkpointer.Engine.Interop;
using Checkpointer.Engine.Proc;
using Checkpointer.Engine.Support;
using Task = Checkpointer.Engine.Interop.Task;

namespace Checkpointer.Engine.Tracing;

/// <summary>One process of a frozen job: its stopped threads, its memory, and the gate while there is one.</summary>
internal sealed class FrozenProcess : IDisposable
{
    private readonly List<FrozenThread> _threads = [];
    private readonly TimeSpan _syscallTimeout;
    private readonly Action<string> _step;
    private bool _isInjecting;
    private bool _isStranded;

    public FrozenProcess(ProcessId id, TimeSpan syscallTimeout, Action<string> step)
    {
        Id = id;
        _syscallTimeout = syscallTimeout;
        _step = step;
        Memory = RemoteMemory.Open(id);
    }

    /// <summary>Process ID.</summary>
    public ProcessId Id { get; }

    /// <summary>Its address space.</summary>
    public RemoteMemory Memory { get; }

    /// <summary>Its mappings at the freeze, without ours.</summary>
    public IReadOnlyList<Vma> Vmas { get; private set; } = [];

    /// <summary>All threads that run, leader first.</summary>
    public IReadOnlyList<FrozenThread> Threads => _threads;

    /// <summary>True where the main thread has exited while others run.</summary>
    public bool HasExitedLeader => Leader.Id.Value != Id.Value;

    /// <summary>The thread that acts for the process: the main thread, or, where that has exited, another.</summary>
    public FrozenThread Leader => _threads[0];

    /// <summary>The mapped gate, where there is one.</summary>
    public Gate? Gate { get; private set; }

    /// <summary>False once the gate was mapped or unmapped by a thread that had no road home but us: our death in those microseconds would have
    /// hurt the job.</summary>
    public bool HadRoadHome { get; private set; } = true;

    /// <summary>True once the job was thawed: nothing can be injected any more.</summary>
    public bool IsThawed { get; private set; }

    /// <summary>True where it was killed since it was frozen: nothing but SIGKILL, which is for all threads, wakes a stopped one. Precondition: no call is under way in it.</summary>
    public bool WasKilled() => ProcFs.TryStat(Id, Leader.Id) is not { State: 't' };

    /// <summary>Takes the state of all stopped threads and the mappings.</summary>
    /// <param name="stopped">All threads.</param>
    /// <param name="earlier">Mappings of a moment ago, with flags; they spare the slow look at smaps where nothing is new.</param>
    public void Capture(IEnumerable<Tracee> stopped, IReadOnlyList<Vma> earlier)
    {
        _threads.AddRange(stopped.Select(tracee => FrozenThread.Capture(tracee, Memory)).OrderBy(thread => thread.Id.Value != Id.Value).ThenBy(thread => thread.Id.Value));
        Invariant.Require(_threads.Count > 0 && (!HasExitedLeader || ProcFs.IsDead(Id, Id.Leader)), $"process {Id} has no stopped leader");
        Vmas = VmaFlagMemory.TryComplete(ProcFs.Maps(Id), earlier) ?? ProcFs.Smaps(Id);
    }

    /// <summary>Maps the gate. From here on the thaw has something to take back.</summary>
    public void OpenGate()
    {
        using var injection = InjectWithoutGate();
        _step($"map the gate in {Id}");
        Gate = MapGate(injection);
        _step($"fill the gate in {Id}");
        Memory.Write(Gate.Value.Base, GateCode.Bytes);
    }

    /// <summary>Lets a thread make system calls through the gate, with a signal frame behind them that leads home.
    /// Precondition: no other injection is open in this process; there is one frame.</summary>
    public SyscallInjection Inject(FrozenThread thread)
    {
        var gate = Gate ?? throw new InvariantViolationException($"process {Id} has no gate");
        RequireNoOther();
        Memory.Write(gate.Frame, SignalFrame.Build(thread.SelfContained, thread.Tracee.GetExtendedState(), thread.SignalMask, gate.Frame));
        _isInjecting = true;
        return SyscallInjection.Through(gate.CallCode, gate.Frame, thread, _syscallTimeout, _step, End);
    }

    /// <summary>
    /// Makes a call in the leader that opens a descriptor, and takes the descriptor over: the job has closed it when this returns, on every path, and
    /// closes it by itself if we die. Precondition: the gate is open, and no injection is.
    /// </summary>
    /// <exception cref="LinuxException">The call or the duplication failed.</exception>
    public SafeFd TakeDescriptor(Sys number, params ReadOnlySpan<ulong> arguments)
    {
        using var injection = Inject(Leader);
        var result = injection.CallAt(Gate!.Value.TakeCode, number, arguments);
        try
        {
            return RemoteDescriptor.Duplicate(Id, (int)result.OrThrow($"{number} in process {Id}"));
        }
        finally
        {
            injection.RunToExit(Sys.Close);
        }
    }

    /// <summary>Makes a stopped copy of the process; null, with the reason, where the kernel refuses to (limits, memory).
    /// Precondition: the gate is open, and no injection is.</summary>
    public ProcessCopy? TryCopy(out Errno errno)
    {
        return TryClone(out errno) is { } task ? ProcessCopy.Adopt(this, task, _syscallTimeout, _step) : null;
    }

    /// <summary>Lets some thread make system calls through code of the process itself. Precondition: no other injection is open in this process.</summary>
    public SyscallInjection InjectWithoutGate()
    {
        RequireNoOther();
        var injection = Bootstrap.TryOpen(_threads.Where(thread => !thread.Tracee.IsGone), Vmas, Memory, _syscallTimeout, _step, End);
        if (injection is null)
        {
            HadRoadHome = false;
            var instruction = SyscallInstruction.Find(Vmas, Memory, Id);
            injection = SyscallInjection.Through(instruction, Leader.Home.StackPointer, Leader, _syscallTimeout, _step, End);
        }

        _isInjecting = true;
        return injection;
    }

    /// <summary>Unmaps the gate. Precondition: no injection is open.</summary>
    public void CloseGate()
    {
        // A thread that is still in an injected call gets home through the gate; the next dump unmaps it.
        if (Gate is not { } gate || Leader.Tracee.IsGone || _isStranded)
        {
            return;
        }

        using var injection = InjectWithoutGate();
        injection.Call(Sys.Munmap, gate.Base.Address, Tracing.Gate.Bytes).OrThrow($"munmap of the gate in process {Id}");
        Gate = null;
    }

    /// <summary>Unmaps a gate that an earlier dump has left.</summary>
    public void RemoveGate(Vma left)
    {
        Vmas = [.. Vmas.Where(vma => vma != left)];
        using var injection = InjectWithoutGate();
        injection.Call(Sys.Munmap, left.Start, left.Bytes).OrThrow($"munmap of a gate that was left in process {Id}");
    }

    /// <summary>Reaps an ended copy that is a child of this process; true where nothing of it is left.</summary>
    public bool TryReapCopy(ProcessId copy)
    {
        using var injection = InjectWithoutGate();
        return CopyReaper.TryReap(injection, copy);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        IsThawed = true;
        Memory.Dispose();
    }

    private ThreadId? TryClone(out Errno errno)
    {
        using var injection = Inject(Leader);
        Leader.Tracee.SetOptions(Ptrace.PTRACE_O_TRACESYSGOOD | Ptrace.PTRACE_O_TRACECLONE);
        try
        {
            // CLONE_FILES: the copy keeps no descriptor open by itself, so pipes and locks of the job behave as without it. Exit signal 0: the job is
            // not told of its end, and its waits do not see it.
            errno = injection.CallAt(Gate!.Value.CopyCode, Sys.Clone, Task.CLONE_FILES).Errno;
        }
        finally
        {
            Leader.Tracee.SetOptions(Ptrace.PTRACE_O_TRACESYSGOOD);
        }

        Invariant.Require(errno != Errno.None || injection.NewTask is not null, $"a clone in process {Id} was not reported");
        return injection.NewTask;
    }

    private Gate MapGate(SyscallInjection injection)
    {
        foreach (var place in Tracing.Gate.Places)
        {
            var result = injection.Call(
                Sys.Mmap, place, Tracing.Gate.Bytes, Tracing.Gate.Protection, Tracing.Gate.JobMapFlags, ulong.MaxValue, 0);
            if (result.Errno != Errno.EEXIST)
            {
                return new Gate(new RemotePtr(result.OrThrow($"mmap of the gate in process {Id}")));
            }
        }

        throw new EngineException(EngineFailure.Refused, $"Process {Id} has something mapped at every address where the gate could be.");
    }

    private void RequireNoOther() => Invariant.Require(!_isInjecting, $"a second injection was opened in process {Id}");

    private void End(bool isHome)
    {
        _isInjecting = false;
        _isStranded |= !isHome;
    }
}
