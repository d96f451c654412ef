using Checkpointer.Engine.Arch.X64;
using Checkpointer.Engine.Proc;
using Checkpointer.Engine.Support;

namespace Checkpointer.Engine.Tracing;

/// <summary>Finds a system call instruction that a process has anyway, to map the gate through.</summary>
internal static class SyscallInstruction
{
    private const int WindowBytes = 256 * 1024;

    /// <summary>Looks into the vDSO first, then into all other code.</summary>
    /// <exception cref="EngineException">There is none.</exception>
    public static RemotePtr Find(IReadOnlyList<Vma> vmas, RemoteMemory memory, ProcessId process)
    {
        var window = new byte[WindowBytes];
        foreach (var vma in vmas.Where(vma => vma.Executable && !vma.IsVsyscall).OrderBy(vma => !vma.IsVdso))
        {
            for (var address = vma.Start; address < vma.End; address += WindowBytes - 1)
            {
                var wanted = (int)Math.Min(WindowBytes, vma.End - address);
                var read = memory.TryRead(new RemotePtr(address), window.AsSpan(0, wanted));
                var index = window.AsSpan(0, read).IndexOf(GateCode.SyscallInstruction);
                if (index >= 0)
                {
                    return new RemotePtr(address) + (ulong)index;
                }
            }
        }

        throw new EngineException(
            EngineFailure.Refused, $"Process {process} has no system call instruction in its code, so it cannot be asked for its state.");
    }
}
