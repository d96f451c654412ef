using Checkpointer.Engine.Interop;
using Checkpointer.Engine.Support;

namespace Checkpointer.Engine.Tracing;

/// <summary>
/// A stopped copy of a frozen process, made by clone(2): it holds private memory as of that moment, copy-on-write, while the job runs on. It never runs
/// an instruction of the job, shares the job's descriptor table, and dies with us (PTRACE_O_EXITKILL). Precondition of all members: the tracer thread.
/// </summary>
internal sealed class ProcessCopy : IDisposable
{
    private readonly FrozenProcess _parent;
    private readonly Tracee _tracee;
    private readonly TimeSpan _timeout;
    private readonly Action<string> _step;
    private RemoteMemory? _memory;
    private bool _isDisposed;

    private ProcessCopy(FrozenProcess parent, ThreadId task, TimeSpan timeout, Action<string> step)
    {
        _parent = parent;
        _timeout = timeout;
        _step = step;
        Id = new ProcessId(task.Value);
        _tracee = Tracee.Adopt(task, Id);
    }

    /// <summary>Its process ID.</summary>
    public ProcessId Id { get; }

    /// <summary>Its memory, for reading. Shared memory and what is not inherited (MADV_DONTFORK, MADV_WIPEONFORK) is not as of the copy.</summary>
    public RemoteMemory Memory => _memory ?? throw new InvariantViolationException($"the copy {Id} was used before it had stopped");

    /// <summary>True where its zombie had to be left in the job after disposal, for the next dump to remove (<see cref="Leftovers"/>).</summary>
    public bool HasLeftZombie { get; private set; }

    /// <summary>Takes up the child of an injected clone: waits until it has stopped, and ties its life to ours.</summary>
    public static ProcessCopy Adopt(FrozenProcess parent, ThreadId task, TimeSpan timeout, Action<string> step)
    {
        var copy = new ProcessCopy(parent, task, timeout, step);
        try
        {
            if (!copy._tracee.WaitForStop(timeout))
            {
                throw new EngineException(EngineFailure.Failed, $"The copy {task} of process {parent.Id} was killed at once.");
            }

            copy._tracee.SetOptions(Ptrace.PTRACE_O_EXITKILL);
            copy._memory = RemoteMemory.Open(copy.Id);
            return copy;
        }
        catch
        {
            copy.Dispose();
            throw;
        }
    }

    /// <summary>Kills it and has it reaped by its parent, which may run, be frozen or be gone.</summary>
    public void Dispose()
    {
        if (_isDisposed)
        {
            return;
        }

        _isDisposed = true;
        _memory?.Dispose();
        try
        {
            _tracee.Kill(_timeout);
            _step($"reap the copy {Id}");
            HasLeftZombie = !(_parent.IsThawed ? CopyReaper.TryReap(_parent.Id, Id, _timeout, _step) : _parent.TryReapCopy(Id));
        }
        catch (EngineException)
        {
            // What was copied is good all the same, and what is left is found again.
            HasLeftZombie = true;
        }
    }
}
