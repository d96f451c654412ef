using Checkpointer.Engine.Arch.X64;
using Checkpointer.Engine.Proc;
using Checkpointer.Engine.Support;

namespace Checkpointer.Engine.Tracing;

/// <summary>One process of a frozen job: its stopped threads, its memory, and the gate while there is one.</summary>
internal sealed class FrozenProcess : IDisposable
{
    private readonly List<FrozenThread> _threads = [];
    private readonly TimeSpan _syscallTimeout;
    private readonly Action<string> _step;
    private RemotePtr _syscallInstruction;

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

    /// <summary>All threads, leader first.</summary>
    public IReadOnlyList<FrozenThread> Threads => _threads;

    /// <summary>The thread group leader.</summary>
    public FrozenThread Leader => _threads[0];

    /// <summary>The mapped gate, where there is one.</summary>
    public Gate? Gate { get; private set; }

    /// <summary>Takes the state of all stopped threads and the mappings.</summary>
    public void Capture(IEnumerable<Tracee> stopped)
    {
        _threads.AddRange(stopped.Select(tracee => FrozenThread.Capture(tracee, Memory)).OrderBy(thread => thread.Id.Value != Id.Value).ThenBy(thread => thread.Id.Value));
        Invariant.Require(_threads.Count > 0 && Leader.Id.Value == Id.Value, $"process {Id} has no stopped leader");
        Vmas = ProcFs.Smaps(Id);
    }

    /// <summary>Maps the gate. From here on the thaw has something to take back.</summary>
    public void OpenGate()
    {
        _syscallInstruction = SyscallInstruction.Find(Vmas, Memory, Id);
        using var injection = WithoutGate();
        _step($"map the gate in {Id}");
        var address = injection.Call(
            Sys.Mmap, 0, Tracing.Gate.Bytes, Tracing.Gate.Protection, Tracing.Gate.MapFlags, ulong.MaxValue, 0).OrThrow($"mmap of the gate in process {Id}");
        Gate = new Gate(new RemotePtr(address));
        _step($"fill the gate in {Id}");
        Memory.Write(Gate.Value.Base, GateCode.Bytes);
    }

    /// <summary>Lets a thread make system calls through the gate, with a signal frame behind them that leads home.</summary>
    public SyscallInjection Inject(FrozenThread thread)
    {
        var gate = Gate ?? throw new InvariantViolationException($"process {Id} has no gate");
        Memory.Write(gate.Frame, SignalFrame.Build(thread.Home, thread.Tracee.GetExtendedState(), thread.SignalMask, gate.Frame));
        return SyscallInjection.Through(gate, thread.Tracee, thread.Home, thread.SignalMask, _syscallTimeout, _step);
    }

    /// <summary>Unmaps the gate. Precondition: no injection is open.</summary>
    public void CloseGate()
    {
        if (Gate is not { } gate || Leader.Tracee.IsGone)
        {
            return;
        }

        using var injection = WithoutGate();
        injection.Call(Sys.Munmap, gate.Base.Address, Tracing.Gate.Bytes).OrThrow($"munmap of the gate in process {Id}");
        Gate = null;
    }

    /// <inheritdoc/>
    public void Dispose() => Memory.Dispose();

    private SyscallInjection WithoutGate() =>
        SyscallInjection.Through(_syscallInstruction, Leader.Tracee, Leader.Home, Leader.SignalMask, _syscallTimeout, _step);
}
