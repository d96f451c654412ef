using System.Runtime.CompilerServices;
using Checkpointer.Engine.Arch.X64;
using Checkpointer.Engine.Interop;
using Checkpointer.Engine.Support;
using Checkpointer.Engine.Tracing;

namespace Checkpointer.Engine.Restore;

/// <summary>Makes tasks with chosen IDs: clone3(2) with set_tid, injected into a task under restore.</summary>
internal static class Cloner
{
    /// <summary>Clones <paramref name="parent"/>; the new task is traced, stopped, and has the wanted ID.</summary>
    /// <exception cref="EngineException">PidTaken: that is in use.</exception>
    public static Tracee Clone(
        Tracee parent, RemoteMemory memory, Gate gate, in clone_args arguments, int wantedId, ProcessId process, TimeSpan timeout, Action<string> step) =>
        TryClone(parent, memory, gate, arguments, wantedId, process, timeout, step) ?? throw PidAvailability.Taken(new ThreadId(wantedId));

    /// <summary>As <see cref="Clone"/>; null where that is in use, be it only as the group or session of others.</summary>
    public static Tracee? TryClone(
        Tracee parent, RemoteMemory memory, Gate gate, in clone_args arguments, int wantedId, ProcessId process, TimeSpan timeout, Action<string> step)
    {
        var argumentsAt = gate.Data + SyscallBatch.ArgumentsOffset;
        var wantedAt = argumentsAt + (ulong)Unsafe.SizeOf<clone_args>();
        var withId = arguments;
        withId.set_tid = wantedAt.Address;
        withId.set_tid_size = 1;
        memory.Write(argumentsAt, withId);
        memory.Write(wantedAt, wantedId);
        using var injection = SyscallInjection.Through(gate, parent, parent.GetRegisters(), 0, timeout, step);
        var result = injection.Call(Sys.Clone3, argumentsAt.Address, (ulong)Unsafe.SizeOf<clone_args>());
        if (result.Errno == Errno.EEXIST)
        {
            return null;
        }

        result.OrThrow($"clone3 of task {wantedId} by {parent.Thread}");
        var tracee = Tracee.Adopt(new ThreadId(wantedId), process);
        if (!tracee.WaitForStop(timeout))
        {
            throw new EngineException(EngineFailure.Failed, $"Task {wantedId} under restore died at once.");
        }

        return tracee;
    }
}
