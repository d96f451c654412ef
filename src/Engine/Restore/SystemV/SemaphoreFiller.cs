using System.Runtime.InteropServices;
using Checkpointer.Engine.Arch.X64;
using Checkpointer.Engine.Images;
using Checkpointer.Engine.Interop;
using Checkpointer.Engine.Resources;
using Checkpointer.Engine.Tracing;

namespace Checkpointer.Engine.Restore;

/// <summary>Gives semaphores their values, what processes will undo, and who operated on them last.</summary>
/// <param name="set">What they are to become.</param>
/// <param name="processOf">A process of the job by PID; null where it is none or has ended.</param>
internal sealed class SemaphoreFiller(SystemVSemaphoreSet set, Func<int, RestoredProcess?> processOf)
{
    // Two operations each; SEMOPM was 32 before Linux 3.17 and may be set to that.
    private const int SemaphoresPerCall = 16;

    /// <summary>Fills the set, which exists.</summary>
    public void Fill()
    {
        SystemVCalls.SetSemaphores(set.Object);
        SystemVCalls.SetValues(set.Object.Id, [.. set.Values.Select(value => checked((ushort)value))]);
        // Only now: setting a value drops what was to be undone.
        foreach (var undo in set.Undos)
        {
            SetUndo(undo);
        }

        foreach (var numbers in Enumerable.Range(0, set.Pids.Count).GroupBy(number => set.Pids[number]))
        {
            if (processOf(numbers.Key) is { } process)
            {
                Touch(process, [.. numbers]);
            }
        }
    }

    /// <summary>Adds and takes away again, one of both to be undone.</summary>
    private void SetUndo(SystemVUndo undo)
    {
        if (processOf(undo.Pid) is { } process)
        {
            // What is to be undone is the opposite of what was done.
            Operate(process, InOrder(undo.Number, (-undo.Adjustment, SystemVIpc.SEM_UNDO), (undo.Adjustment, 0)));
        }
    }

    /// <summary>Has a process be the last that operated on semaphores, without changing them.</summary>
    private void Touch(RestoredProcess process, List<int> numbers)
    {
        if (!set.WasOperated)
        {
            // Programs wait until the first operation, so there must be none.
            var batch = new SyscallBatch();
            numbers.ForEach(number => batch.Add(
                $"semctl(SETVAL) in process {process.Id}", Sys.Semctl, [(ulong)set.Object.Id, (ulong)number, SystemVIpc.SETVAL, set.Values[number]]));
            process.Run(batch);
            return;
        }

        foreach (var chunk in numbers.Chunk(SemaphoresPerCall))
        {
            Operate(process, [.. chunk.SelectMany(number => InOrder((uint)number, (1, 0), (-1, 0)))]);
        }
    }

    /// <summary>Two operations in the order in which the value stays within its range.</summary>
    private sembuf[] InOrder(uint number, (int Change, int Flag) first, (int Change, int Flag) second)
    {
        var value = (int)set.Values[(int)number] + first.Change;
        var (one, other) = value is >= 0 and <= SystemVIpc.SEMVMX ? (first, second) : (second, first);
        return [Operation(number, one), Operation(number, other)];
    }

    private static sembuf Operation(uint number, (int Change, int Flag) what) =>
        new() { sem_num = (ushort)number, sem_op = (short)what.Change, sem_flg = (short)(what.Flag | SystemVIpc.IPC_NOWAIT) };

    private void Operate(RestoredProcess process, sembuf[] operations)
    {
        process.Memory.Write(process.Arguments, MemoryMarshal.AsBytes(operations.AsSpan()));
        process.Call($"semop({set.Object.Id})", Sys.Semop, (ulong)set.Object.Id, process.Arguments.Address, (ulong)operations.Length);
    }
}
