using System.Runtime.InteropServices;
using Checkpointer.Engine.Arch.X64;
using Checkpointer.Engine.Images;
using Checkpointer.Engine.Interop;
using Checkpointer.Engine.Support;
using Checkpointer.Engine.Tracing;
using Task = Checkpointer.Engine.Interop.Task;

namespace Checkpointer.Engine.Resources;

/// <summary>
/// Finds out what the kernel will add to semaphores when a process ends (SEM_UNDO), which nothing shows.
/// </summary>
/// <remarks>
/// semop(2) does all its operations or none, and fails with ERANGE where the adjustment of one would leave -32768..32767. So the process is made to
/// call it with operations that bring the adjustment to the edge of that range, and a last one that can never be done: EAGAIN tells that it was still inside,
/// ERANGE that it was not. Nothing has changed after either. The semaphore's value is led along, so that only the adjustment can be what fails.
/// </remarks>
internal sealed class SemaphoreUndos(FrozenProcess process, SystemVSemaphoreSet set)
{
    // 4 operations each and one at the end: within the 32 that SEMOPM was before Linux 3.17 and may be set to.
    private const int SemaphoresPerCall = 7;
    private const int AdjustmentMax = 32767; // SEMAEM
    private const int InitPid = 1;

    /// <summary>Adds the adjustments of the process to the set. Precondition: the gate is open, and no injection is.</summary>
    public void Collect()
    {
        // Whoever asks is entered as one who has something to undo, and at its end counts as one who did: so only where somebody operated before.
        // And init has never used any: a process that has no more than it has none.
        if (!set.WasOperated || Kcmp.Compare(Task.KCMP_SYSVSEM, process.Id.Value, InitPid) == 0)
        {
            return;
        }

        using var injection = process.Inject(process.Leader);
        foreach (var chunk in Enumerable.Range(0, set.Values.Count).Chunk(SemaphoresPerCall))
        {
            if (Passes(injection, chunk, number => AtLeast(number, 0)) && Passes(injection, chunk, number => AtMost(number, 0)))
            {
                continue;
            }

            foreach (var number in chunk)
            {
                Add(number, Measure(injection, number));
            }
        }
    }

    private void Add(int number, int adjustment)
    {
        if (adjustment != 0)
        {
            set.Undos.Add(new SystemVUndo { Pid = process.Id.Value, Number = (uint)number, Adjustment = adjustment });
        }
    }

    private int Measure(SyscallInjection injection, int number)
    {
        var (low, high) = (-AdjustmentMax, AdjustmentMax);
        while (low < high)
        {
            var middle = low + ((high - low) / 2);
            var isAtMost = middle >= 0
                ? Passes(injection, [number], which => AtMost(which, middle))
                : !Passes(injection, [number], which => AtLeast(which, middle + 1));
            (low, high) = isAtMost ? (low, middle) : (middle + 1, high);
        }

        return low;
    }

    /// <summary>Operations that are in range where the adjustment is at least a limit of -32767..0. They leave the value above 0.</summary>
    private IEnumerable<sembuf> AtLeast(int number, int limit)
    {
        if (Value(number) is > 0 and var value)
        {
            yield return Operation(number, -value);
        }

        var steps = AdjustmentMax + 1 + limit;
        if (steps > AdjustmentMax)
        {
            yield return Operation(number, AdjustmentMax, SystemVIpc.SEM_UNDO);
            yield return Operation(number, -AdjustmentMax);
            steps -= AdjustmentMax;
        }

        yield return Operation(number, steps, SystemVIpc.SEM_UNDO);
    }

    /// <summary>Operations that are in range where the adjustment is at most a limit of 0..32766. They leave the value at the limit.</summary>
    private IEnumerable<sembuf> AtMost(int number, int limit)
    {
        if (Value(number) is < SystemVIpc.SEMVMX and var value)
        {
            yield return Operation(number, SystemVIpc.SEMVMX - value);
        }

        yield return Operation(number, limit - AdjustmentMax, SystemVIpc.SEM_UNDO);
        if (limit == 0)
        {
            yield return Operation(number, 1);
        }
    }

    private bool Passes(SyscallInjection injection, int[] numbers, Func<int, IEnumerable<sembuf>> test)
    {
        // A wait for zero that cannot end: the value is above 0 here.
        sembuf[] operations = [.. numbers.SelectMany(test), Operation(numbers[^1], 0)];
        var target = process.Gate!.Value.Data;
        process.Memory.Write(target, MemoryMarshal.AsBytes(operations.AsSpan()));
        var result = injection.Call(Sys.Semop, (ulong)set.Object.Id, target.Address, (ulong)operations.Length);
        return result.Errno switch
        {
            Errno.ERANGE => false,
            // Also a process that may not change the semaphores, or has lost the right to: it was never given an adjustment, or cannot be asked.
            Errno.EAGAIN or Errno.EACCES or Errno.EINVAL or Errno.EIDRM => true,
            _ => throw new EngineException(EngineFailure.Failed, $"semop({set.Object.Id}) that cannot succeed gave {result.Raw} in process {process.Id}."),
        };
    }

    private int Value(int number) => (int)set.Values[number];

    private static sembuf Operation(int number, int change, int flag = 0) =>
        new() { sem_num = (ushort)number, sem_op = (short)change, sem_flg = (short)(flag | SystemVIpc.IPC_NOWAIT) };
}
